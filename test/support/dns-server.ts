/** A DNS server for tests: answers what it is told to, over datagrams and streams. Closed in t.after. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { TestContext } from 'node:test';

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
}

const TYPES: Readonly<Record<string, number>> = { A: 1, CNAME: 5, TXT: 16, AAAA: 28, SRV: 33 };

export async function startDnsServer(t: TestContext, zone: Zone): Promise<DnsServer> {
  const { stream, datagrams, port } = await openSockets();
  t.after(() => {
    datagrams.close();
    stream.close();
  });
  const server: DnsServer = { port, questions: [], zone, noise: () => [] };
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
  stream.on('connection', socket => {
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      const answer = reply(chunk.subarray(2), true);
      if (answer === undefined) return;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      // in pieces, as a network may bring it
      socket.write(length);
      socket.write(answer);
    });
  });
  return server;
}

/** Both on one port: what is free for streams may be somebody's for datagrams, then it is another. */
async function openSockets(): Promise<{ stream: Server; datagrams: Socket; port: number }> {
  for (;;) {
    const stream = createServer().listen(0, '127.0.0.1');
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
