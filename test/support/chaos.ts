/**
 * Clients, servers and operators that do whatever comes to their mind: cut messages, garbage, resets, silence,
 * pipelines, upgrades nobody asked for. Everything is drawn from a seed, so that a run can be had again.
 */
import { connect, type Socket } from 'node:net';
import { randomNumbers } from './random-numbers.ts';
import { resetSocket } from './reset-socket.ts';

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'X', 'DELETE'];
const VERSIONS = ['1.1', '1.1', '1.1', '1.0', '1.5'];
const PATHS = [
  '/',
  '/tarpit',
  '/wait',
  '/close',
  '/own/x?a=1',
  '/a/z',
  '/metrics',
  '/;csv',
  '/%00',
  '*',
  'http://h/x',
  '//',
  `/${'a'.repeat(3000)}`,
];
const HEADERS = [
  'X: aaa',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: upgrade\r\nUpgrade: x',
  'Cookie: S=a',
  'Cookie: S=zz; b',
  'Expect: 100-continue',
  'Host: b',
  'X-Y:',
  `A: ${'v'.repeat(1500)}`,
  'TE: trailers',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Bad Header: x',
  ' folded',
  'X\0: 1',
];
const BODIES = [
  { header: '', body: '' },
  { header: '', body: '' },
  { header: 'Content-Length: 5\r\n', body: 'hello' },
  { header: 'Transfer-Encoding: chunked\r\n', body: '3\r\nabc\r\n0\r\n\r\n' },
  { header: 'Content-Length: 100000\r\n', body: 'x'.repeat(40_000) },
  { header: 'Transfer-Encoding: chunked\r\n', body: 'zz\r\n' },
];
const ANSWERS = [
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw',
  'HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 304 Not\r\nContent-Length: 7\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nshort',
  `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'a'.repeat(200_000)}`,
  'HTTP/1.0 200 OK\r\n\r\nuntil close',
];
const COMMANDS = [
  'show info',
  'show stat',
  'show sess all',
  'show servers state',
  'disable server b/one',
  'enable server b/one',
  'set server b/two state drain',
  'set server b/two state ready',
  'set server b/two weight 50%',
  'set maxconn server b/one 3',
  'set maxconn server b/one 10',
  'shutdown sessions server b/one',
  'show errors',
  'clear counters all',
  'show stat typed',
  'disable frontend plain',
  'enable frontend plain',
  'shutdown session 0x1',
  'prompt\n@1 show info',
  'show fd',
];

export class Chaos {
  readonly #below: (below: number) => number;
  /** Clients that are connected. */
  clients = 0;

  constructor(seed: number) {
    this.#below = randomNumbers(seed);
  }

  #pick<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.#below(choices.length)] as Choice;
  }

  /** Half of the answers are fine. */
  serve(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const draw = this.#below(100);
      if (draw < 50) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else if (draw < 55) socket.destroy();
      else if (draw < 60) resetSocket(socket);
      else if (draw < 65) socket.end();
      else if (draw < 70) socket.write(this.#garbage(300));
      else if (draw < 95) socket.write(this.#pick(ANSWERS), 'latin1');
    });
  }

  /** One connection with up to five requests, left in one way or another within two seconds. */
  visit(port: number, greeting: string): void {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: this.#below(3) === 0 });
    this.clients++;
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => this.clients--);
    socket.write(this.#below(5) === 0 ? this.#garbage(30) : greeting);
    for (let count = 1 + this.#below(5); count > 0; count--) this.#ask(socket);
    setTimeout(() => this.#depart(socket), this.#below(300));
  }

  #ask(socket: Socket): void {
    const bytes = this.#below(12) === 0 ? this.#garbage(500) : Buffer.from(this.#request(), 'latin1');
    const cut = this.#below(3) === 0 ? this.#below(bytes.length) : bytes.length;
    socket.write(bytes.subarray(0, cut));
    if (cut < bytes.length)
      setTimeout(() => socket.destroyed || socket.write(bytes.subarray(cut)), this.#below(50));
  }

  #request(): string {
    const { header, body } = this.#pick(BODIES);
    const extra = Array.from({ length: this.#below(6) }, () => `${this.#pick(HEADERS)}\r\n`).join('');
    const host = this.#below(10) === 0 ? '' : 'Host: h\r\n';
    const line = `${this.#pick(METHODS)} ${this.#pick(PATHS)} HTTP/${this.#pick(VERSIONS)}\r\n`;
    return `${line}${host}${extra}${header}\r\n${body}`;
  }

  #depart(socket: Socket): void {
    const draw = this.#below(10);
    if (draw < 3) socket.destroy();
    else if (draw < 5) socket.end();
    else if (draw < 6) resetSocket(socket);
    setTimeout(() => socket.destroy(), 1500);
  }

  /** One command, or garbage, on the admin socket. */
  operate(path: string): void {
    const socket = connect(path);
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    if (this.#below(20) === 0) socket.write(this.#garbage(100));
    else socket.write(`${this.#pick(COMMANDS)}\n`);
    setTimeout(() => socket.destroy(), 300);
  }

  #garbage(atMost: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(atMost) + 1 }, () => this.#below(256)));
  }
}
