/**
 * Each ready-made check against recorded exchanges: healthy, and failing in five ways: refused, reset, silent, wrong,
 * slow.
 */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { firstFinding } from '../support/check-runner.ts';

/** What the server says: at once, and for each request in turn. */
interface Recorded {
  readonly name: string;
  readonly rules: string;
  readonly greeting?: Buffer;
  /** Bytes asked (hexadecimal, or a pattern for what changes) and answered. */
  readonly turns: readonly (readonly [asked: string | RegExp, answer: Buffer])[];
  readonly passes: string;
  /** An answer that is none, instead of the first healthy one, and what is said of it. */
  readonly wrong: Buffer;
  readonly wrongIs: string;
  /** What silence after the connection is. */
  readonly silence: string;
  /** What a connection that is closed without a word is, if no invalid response. */
  readonly closed?: string;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const asHex = (text: string): string => latin1(text).toString('hex');

/** A greeting of MySQL 8.0.19. */
const MYSQL_GREETING = hex(
  '4A0000000A382E302E3139000A0000006F3C025E6249410D00FFFFFF0200FFC715000000000000000000007C182159106E' +
    '2761144322200063616368696E675F736861325F70617373776F726400',
);
const MYSQL_OK = hex('0700000200000002000000');
const MYSQL_ERROR = Buffer.concat([
  hex('2000000 2 FF E304'.replaceAll(' ', '')),
  latin1('Client is not supported here '),
]);
const AUTHENTICATE_SCRAM = hex('5200000017 0000000A 534352414D2D5348412D32353600 00');
const COM_QUIT = '0100000001';

const CHECKS: readonly Recorded[] = [
  {
    name: 'redis-check',
    rules: 'option redis-check',
    turns: [[asHex('*1\r\n$4\r\nPING\r\n'), latin1('+PONG\r\n')]],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "Redis server is ok"',
    wrong: latin1('-NOAUTH Authentication required.\r\n'),
    wrongIs: 'failed, reason: Layer7 wrong status, code: 0, info: "-NOAUTH Authentication required."',
    closed: 'Layer7 wrong status, code: 0, info: ',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'smtpchk',
    rules: 'option smtpchk EHLO check.example',
    greeting: latin1('220 mail.example ESMTP\r\n'),
    turns: [
      [asHex('EHLO check.example\r\n'), latin1('250-mail.example\r\n250-SIZE\r\n250 PIPELINING\r\n')],
      [asHex('QUIT\r\n'), latin1('221 2.0.0 Bye\r\n')],
    ],
    passes: 'succeeded, reason: Layer7 check passed, code: 221, info: "2.0.0 Bye"',
    wrong: latin1('554 no service for you\r\n'),
    wrongIs: 'failed, reason: Layer7 wrong status, code: 554, info: "no service for you"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'pgsql-check',
    rules: 'option pgsql-check user haproxy',
    turns: [[`0000001600030000${asHex('user\0haproxy\0\0')}`, AUTHENTICATE_SCRAM]],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "PostgreSQL server is ok"',
    wrong: Buffer.concat([hex('4500000020'), latin1('SFATAL: no such user\0')]),
    wrongIs: 'failed, reason: Layer7 invalid response, info: "FATAL: no such user"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'mysql-check',
    rules: 'option mysql-check',
    greeting: MYSQL_GREETING,
    turns: [],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "8.0.19"',
    wrong: Buffer.concat([hex('12000000 FF 6904'), latin1('Host is blocked')]),
    wrongIs: 'failed, reason: Layer7 wrong status, code: 1129, info: "Host is blocked"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'mysql-check user',
    rules: 'option mysql-check user haproxy',
    greeting: MYSQL_GREETING,
    turns: [
      [`29000001 00820000 00800001 21 ${'00'.repeat(23)} ${asHex('haproxy\0\0')} ${COM_QUIT}`, MYSQL_OK],
    ],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "8.0.19"',
    wrong: latin1('HTTP/1.0 400 Bad Request\r\n\r\n'),
    wrongIs: 'failed, reason: Layer7 timeout',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'mysql-check user pre-41',
    rules: 'option mysql-check user haproxy pre-41',
    greeting: MYSQL_GREETING,
    turns: [[`0e000001 0080 000001 ${asHex('haproxy\0\0')} ${COM_QUIT}`, MYSQL_ERROR]],
    passes: 'failed, reason: Layer7 wrong status, code: 1251, info: "Client is not supported here "',
    wrong: hex('05000000 FF 1004 4869'),
    wrongIs: 'failed, reason: Layer7 wrong status, code: 1040, info: "Hi"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'mysql-check user post-80',
    rules: 'option mysql-check user haproxy post-80',
    greeting: MYSQL_GREETING,
    turns: [
      [
        `3f000001 00820800 00800001 21 ${'00'.repeat(23)} ${asHex('haproxy\0\0mysql_native_password\0')} ${COM_QUIT}`,
        MYSQL_OK,
      ],
    ],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "8.0.19"',
    wrong: hex('05000000 FF 1004 4869'),
    wrongIs: 'failed, reason: Layer7 wrong status, code: 1040, info: "Hi"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'ldap-check',
    rules: 'option ldap-check',
    turns: [['300C020101600702010304008000', hex('300C02010161070A010004000400')]],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "Success"',
    wrong: hex('300C02010161070A013404000400'),
    wrongIs:
      'failed, reason: Layer7 wrong status, code: 52, info: "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'ldap-check of a server with long lengths',
    rules: 'option ldap-check',
    turns: [['300C020101600702010304008000', hex('308400000010020101618400000007 0A0100 0400 0400')]],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "Success"',
    wrong: latin1('HTTP/1.0 400 Bad Request\r\n\r\n'),
    wrongIs: 'failed, reason: Layer7 invalid response, info: "Not LDAPv3 protocol"',
    silence: 'failed, reason: Layer7 timeout',
  },
  {
    name: 'ssl-hello-chk',
    rules: 'option ssl-hello-chk',
    turns: [[/^160300007901000075 ?0300.{8}484150524f585953534c43484b0a/i, hex('1503000002 0228')]],
    passes: 'succeeded, reason: Layer6 check passed',
    wrong: latin1('HTTP/1.0 400 Bad Request\r\n\r\n'),
    wrongIs: 'failed, reason: Layer6 invalid response',
    closed: 'Layer6 invalid response, info: ',
    silence: 'failed, reason: Layer6 timeout',
  },
  {
    name: 'spop-check',
    rules: 'option spop-check',
    turns: [
      [
        '0000004e0100000001000012737570706f727465642d76657273696f6e730803322e300e6d61782d6672616d652d73697a6503fcf0060c6361706162696c697469657308000b6865616c7468636865636b11',
        hex(
          '00000036 65 00000001 0000 0776657273696F6E 0803322E30 0E6D61782D6672616D652D73697A65 03FCF0 060C6361706162696C6974696573 0800',
        ),
      ],
    ],
    passes: 'succeeded, reason: Layer7 check passed, code: 0, info: "SPOA server is ok"',
    wrong: hex('00000014 65 00000001 0000 0776657273696F6E 0803392E39'),
    wrongIs: 'failed, reason: Layer7 invalid response, info: "unsupported version"',
    silence: 'failed, reason: Layer7 timeout',
  },
];

/** Plays the recorded server; a request that differs is answered with what makes any check fail. */
function play(check: Recorded, socket: Socket, send: (bytes: Buffer) => void): void {
  if (check.greeting !== undefined) send(check.greeting);
  const turns = [...check.turns];
  let asked = '';
  socket.on('data', chunk => {
    asked += chunk.toString('hex');
    const [wanted, answer] = turns[0] ?? [];
    if (wanted === undefined || answer === undefined) return;
    const text = typeof wanted === 'string' ? wanted.replaceAll(' ', '').toLowerCase() : undefined;
    const whole = text === undefined ? (wanted as RegExp).test(asked) : asked === text;
    if (!whole) {
      if (text !== undefined && !text.startsWith(asked)) socket.end(`unexpected: ${asked}`);
      return;
    }
    asked = '';
    turns.shift();
    send(answer);
  });
}

function serve(t: TestContext, start: (socket: Socket) => void): Promise<{ address: string }> {
  return startRawOrigin(t, socket => {
    socket.on('error', () => undefined);
    start(socket);
  });
}

const find = async (
  t: TestContext,
  check: Recorded,
  start: (socket: Socket) => void,
  timeoutMs?: number,
): Promise<string> => firstFinding(t, check.rules, (await serve(t, start)).address, '', timeoutMs);

/** Enough for an answer that comes, however busy the machine is. */
const PATIENT_MS = 5000;

for (const check of CHECKS) {
  test(`${check.name}: a healthy server is told by what it says`, async t => {
    assert.equal(
      await find(t, check, socket => play(check, socket, bytes => void socket.write(bytes)), PATIENT_MS),
      check.passes,
    );
  });

  test(`${check.name}: answers that come byte by byte are whole answers`, async t => {
    const slowly = (socket: Socket): void => {
      let before = Promise.resolve();
      play(check, socket, bytes => {
        before = before.then(async () => {
          for (const byte of bytes) {
            await new Promise(resolve => socket.write(Buffer.from([byte]), resolve));
            await new Promise(setImmediate);
          }
        });
      });
    };
    const found = await find(t, check, slowly, PATIENT_MS);
    assert.equal(found, check.passes);
  });

  test(`${check.name}: a wrong answer is told as such`, async t => {
    const found = await find(t, check, socket => {
      if (check.greeting !== undefined) socket.write(check.wrong);
      else socket.once('data', () => socket.write(check.wrong));
    });
    assert.equal(found, check.wrongIs);
  });

  test(`${check.name}: silence ends with the time that timeout check gives`, async t => {
    assert.equal(await find(t, check, () => undefined), check.silence);
  });

  test(`${check.name}: a connection that is reset is an error of the socket`, async t => {
    const found = await find(t, check, socket => {
      if (check.greeting !== undefined) setTimeout(() => socket.resetAndDestroy(), 20);
      else socket.once('data', () => socket.resetAndDestroy());
    });
    assert.equal(
      found,
      'failed, reason: Socket error, info: "ECONNRESET returned by OS (Connection reset by peer)"',
    );
  });

  test(`${check.name}: a server that closes without a word has an empty response`, async t => {
    const found = await find(t, check, socket => {
      if (check.greeting !== undefined) socket.end();
      else socket.once('data', () => socket.end());
    });
    assert.ok(
      found.startsWith(`failed, reason: ${check.closed ?? 'Layer7 invalid response, info: '}`),
      found,
    );
    assert.match(found, /"TCPCHK got an empty response at step \d"$/);
  });

  test(`${check.name}: bytes that come too slowly end with the time too`, async t => {
    const dribble = async (socket: Socket, bytes: Buffer): Promise<void> => {
      for (const byte of bytes) {
        await sleep(100);
        if (socket.destroyed) return;
        socket.write(Buffer.from([byte]));
      }
    };
    const found = await find(t, check, socket => play(check, socket, bytes => void dribble(socket, bytes)));
    assert.equal(found, check.silence);
  });

  test(`${check.name}: a refused connection is a problem of layer 4`, async t => {
    assert.equal(
      await firstFinding(t, check.rules, `127.0.0.1:${await freePort()}`),
      'failed, reason: Layer4 connection problem, info: "ECONNREFUSED returned by OS (Connection refused)"',
    );
  });
}
