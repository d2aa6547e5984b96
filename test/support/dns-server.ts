/** A DNS server for tests: answers what it is told to, over datagrams and streams, or over TLS. Closed in t.after. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

export interface DnsRecord {
  readonly name?: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'TXT';
  /** An address, a target, `priority weight port target`, or a text. */
  readonly data: string;
}

interface DnsAnswer {
  readonly rcode?: number;
  readonly truncated?: boolean;
  readonly records?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

/** Undefined: it says nothing. */
type Zone = (name: string, type: string, overStream: boolean) => DnsAnswer | undefined;

interface DnsServer {
  readonly port: number;
  /** `<type> <name>` of every question, in order. */
  readonly questions: string[];
  zone: Zone;
  /** Datagrams that come before an answer. */
  noise: (answer: Buffer) => readonly Buffer[];
  /** Those that were ever made, with TLS where they have it. */
  readonly streams: Socket[];
  /** Sends an answer, its length in front, over a stream. */
  deliver: (socket: Socket, framed: Buffer) => void;
}

const TYPES: Readonly<Record<string, number>> = { A: 1, CNAME: 5, TXT: 16, AAAA: 28, SRV: 33 };

/** `tls`: streams are encrypted. `at`: the port it is to be at. */
export async function startDnsServer(
  t: TestContext,
  zone: Zone,
  tls?: TlsOptions,
  at = 0,
): Promise<DnsServer> {
  const { stream, datagrams, port } = await openSockets(tls, at);
  const sockets = new Set<Socket>();
  t.after(() => {
    datagrams.close();
    stream.close();
    for (const socket of sockets) socket.destroy();
  });
  const server: DnsServer = {
    port,
    questions: [],
    zone,
    noise: () => [],
    streams: [],
    deliver: deliverInPieces,
  };
  const reply = (message: Buffer, overStream: boolean): Buffer | undefined => {
    const { name, type, end } = readQuestion(message);
    server.questions.push(`${type} ${name}`);
    const answer = server.zone(name, type, overStream);
    return answer === undefined ? undefined : encodeAnswer(message.subarray(0, end), name, answer);
  };
  datagrams.on('message', (message, from) => {
    const answer = reply(message, false);
    if (answer === undefined) return;
    for (const one of [...server.noise(answer), answer]) datagrams.send(one, from.port, from.address);
  });
  stream.on('connection', (socket: Socket) => sockets.add(socket));
  stream.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    server.streams.push(socket);
    socket.on('error', () => undefined);
    readFrames(socket, message => {
      const answer = reply(message, true);
      if (answer !== undefined) server.deliver(socket, framed(answer));
    });
  });
  return server;
}

/** As a network may bring it. */
function deliverInPieces(socket: Socket, answer: Buffer): void {
  for (const piece of [answer.subarray(0, 1), answer.subarray(1, 2), answer.subarray(2)]) socket.write(piece);
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

function readFrames(socket: Socket, take: (message: Buffer) => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) {
      const end = 2 + received.readUInt16BE();
      take(received.subarray(2, end));
      received = received.subarray(end);
    }
  });
}

/** Both on one port: what is free for streams may be somebody's for datagrams, then it is another. */
async function openSockets(
  tls: TlsOptions | undefined,
  at: number,
): Promise<{ stream: Server; datagrams: DatagramSocket; port: number }> {
  for (;;) {
    const stream = tls === undefined ? createServer() : createTlsServer(tls).on('tlsClientError', () => {});
    stream.listen(at, '127.0.0.1');
    await once(stream, 'listening');
    const { port } = stream.address() as AddressInfo;
    const datagrams = createSocket('udp4').bind(port, '127.0.0.1');
    const isFree = await once(datagrams, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) return { stream, datagrams, port };
    datagrams.close();
    stream.close();
  }
}

function readQuestion(message: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let size = message[at] as number; size > 0; size = message[at] as number) {
    labels.push(message.toString('latin1', at + 1, at + 1 + size));
    at += size + 1;
  }
  const number = message.readUInt16BE(at + 1);
  const type = Object.keys(TYPES).find(name => TYPES[name] === number) ?? String(number);
  return { name: labels.join('.'), type, end: at + 5 };
}

function encodeAnswer(question: Buffer, asked: string, answer: DnsAnswer): Buffer {
  const { rcode = 0, truncated = false, records = [], additionals = [] } = answer;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180 | rcode | (truncated ? 0x0200 : 0), 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(additionals.length, 10);
  const all = [...records, ...additionals].map(record => encodeRecord(record, asked));
  return Buffer.concat([header, question.subarray(12), ...all]);
}

function encodeRecord({ name, type, data }: DnsRecord, asked: string): Buffer {
  // the question's name is pointed to
  const owner = name === undefined || name === asked ? Buffer.from([0xc0, 12]) : encodeLabels(name);
  const content = encodeData(type, data);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type] as number, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(60, 4);
  fixed.writeUInt16BE(content.length, 8);
  return Buffer.concat([owner, fixed, content]);
}

function encodeLabels(name: string): Buffer {
  return Buffer.from(
    `${name
      .split('.')
      .map(label => String.fromCharCode(label.length) + label)
      .join('')}\0`,
    'latin1',
  );
}

function encodeData(type: DnsRecord['type'], data: string): Buffer {
  if (type === 'A') return Buffer.from(data.split('.').map(Number));
  if (type === 'TXT') return Buffer.concat(stringsOf(data));
  if (type === 'CNAME') return encodeLabels(data);
  if (type === 'SRV') {
    const [priority, weight, port, target = ''] = data.split(' ');
    const numbers = Buffer.alloc(6);
    [priority, weight, port].forEach((text, index) => numbers.writeUInt16BE(Number(text), index * 2));
    return Buffer.concat([numbers, encodeLabels(target)]);
  }
  const [head = '', tail = ''] = data.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map(group => parseInt(group, 16));
  const missing = 8 - groups(head).length - groups(tail).length;
  const words = [...groups(head), ...Array<number>(missing).fill(0), ...groups(tail)];
  const bytes = Buffer.alloc(16);
  words.forEach((word, index) => bytes.writeUInt16BE(word, index * 2));
  return bytes;
}

/** Of 255 bytes at most, each behind its length. */
function stringsOf(text: string): Buffer[] {
  const pieces = text.match(/.{1,255}/gs) ?? [''];
  return pieces.map(piece => Buffer.from(`${String.fromCharCode(piece.length)}${piece}`, 'latin1'));
}
