/** `tcp-check` and `http-check` rules over real connections: what is sent, what is expected, how it is told. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startChecks, firstFinding } from '../support/check-runner.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';

/** A server that answers what it got with `answers`, one for each time it got something. */
async function talkative(
  t: TestContext,
  greeting: string,
  ...answers: string[]
): Promise<{ address: string; port: number; asked: string[] }> {
  const asked: string[] = [];
  const origin = await startRawOrigin(t, socket => {
    const left = [...answers];
    if (greeting !== '') socket.write(greeting, 'latin1');
    socket.on('data', chunk => {
      asked.push(chunk.toString('latin1'));
      const answer = left.shift();
      if (answer === undefined) return;
      if (left.length === 0) socket.end(answer, 'latin1');
      else socket.write(answer, 'latin1');
    });
  });
  return { address: origin.address, port: origin.port, asked };
}

const lines = (...rules: string[]): string => rules.join('\n ');
const tcp = (...rules: string[]): string => lines('option tcp-check', ...rules);
const http = (...rules: string[]): string => lines('option httpchk', ...rules);

const PASSED = 'succeeded, reason: Layer7 check passed, code: 0, info: "(tcp-check)"';

const TCP_CASES: readonly (readonly [title: string, rules: string, greeting: string, expected: string])[] = [
  ['nothing but a connection', tcp(), 'x', 'succeeded, reason: Layer4 check passed'],
  [
    'a connect rule',
    tcp('tcp-check connect'),
    'x',
    'succeeded, reason: Layer4 check passed, info: "(tcp-check)"',
  ],
  ['a string that is there', tcp('tcp-check expect string OK'), 'all OK\n', PASSED],
  [
    'a string that is not there',
    tcp('tcp-check expect min-recv 6 string NO'),
    'all OK\n',
    `failed, reason: Layer7 invalid response, info: "TCPCHK did not match content 'NO' at step 1"`,
  ],
  [
    'a string that must not be there',
    tcp('tcp-check expect min-recv 3 ! string NO', 'tcp-check expect string OK'),
    'all OK\n',
    PASSED,
  ],
  [
    'a string that must not be there and is',
    tcp('tcp-check expect !string OK'),
    'all OK\n',
    'failed, reason: Layer7 invalid response, info: "TCPCHK matched unwanted content \'OK\' at step 1"',
  ],
  ['a regular expression', tcp('tcp-check expect rstring ^all.(OK|well)'), 'all OK\n', PASSED],
  [
    'a regular expression that does not match',
    tcp('tcp-check expect min-recv 3 rstring ^none'),
    'all OK\n',
    'failed, reason: Layer7 invalid response, info: "TCPCHK did not match content (regex) at step 1"',
  ],
  ['bytes', tcp('tcp-check expect binary 6F4b'), 'foK', PASSED],
  [
    'a regular expression over hexadecimal digits',
    tcp('tcp-check expect rbinary ^01(FF|00)$'),
    '\x01\xff',
    PASSED,
  ],
  [
    'a format',
    tcp('tcp-check set-var(check.a) str(K)', 'tcp-check expect string-lf O%[var(check.a)]'),
    'OK',
    PASSED,
  ],
  ['a format of bytes', tcp('tcp-check expect binary-lf %[str(OK),hex]'), 'OK', PASSED],
  [
    'a format that gives nothing',
    tcp('tcp-check expect string-lf %[var(check.a)]'),
    'OK',
    'failed, reason: Layer7 invalid response, info: "log-format string evaluated to an empty string"',
  ],
  [
    'on-success, ok-status and status-code',
    tcp('tcp-check expect string OK ok-status L6OK on-success "got %[res.payload(0,3)]" status-code int(7)'),
    'all OK',
    'succeeded, reason: Layer6 check passed, info: "got all"',
  ],
  [
    'on-error, error-status and a comment',
    tcp(
      'tcp-check expect min-recv 2 comment why error-status L7STS on-error "got %[res.payload(0,0)]" status-code int(9) string NO',
    ),
    'KO',
    'failed, reason: Layer7 wrong status, code: 9, info: "got KO comment: why"',
  ],
  [
    'a comment rule names the rules of one kind behind it',
    tcp('tcp-check comment greeting', 'tcp-check expect string O', 'tcp-check expect min-recv 1 string NO'),
    'OK',
    `failed, reason: Layer7 invalid response, info: "TCPCHK did not match content 'NO' at step 3 comment: greeting"`,
  ],
  [
    'silence is told with the step',
    tcp('tcp-check expect string OK'),
    '',
    `failed, reason: Layer7 timeout, info: " at step 1 of tcp-check (expect string 'OK')"`,
  ],
  [
    'tout-status',
    tcp('tcp-check expect string OK tout-status L4TOUT'),
    '',
    `failed, reason: Layer4 timeout, info: " at step 1 of tcp-check (expect string 'OK')"`,
  ],
];

for (const [title, rules, greeting, expected] of TCP_CASES)
  test(`tcp-check: ${title}`, async t => {
    const { address } = await talkative(t, greeting);
    assert.equal(await firstFinding(t, rules, address), expected);
  });

test('tcp-check: everything that can be sent arrives as it is meant', async t => {
  const { address, asked } = await talkative(t, '', '1', '2', '3', '4', 'end');
  const rules = tcp(
    'tcp-check connect',
    'tcp-check send GET\\r\\n comment first',
    'tcp-check expect string 1',
    'tcp-check send-binary 00ff',
    'tcp-check expect string 2',
    'tcp-check set-var(check.x) int(42)',
    'tcp-check set-var-fmt(check.y) "%[var(check.x)]!"',
    'tcp-check send-lf "x=%[var(check.y)] %[be_name]/%[srv_name]"',
    'tcp-check expect string 3',
    'tcp-check unset-var(check.y)',
    'tcp-check send-binary-lf "41%[str(B),hex]"',
    'tcp-check expect string 4',
    'tcp-check send-lf "%[var(check.y)]"',
    'tcp-check send done',
    'tcp-check expect string end',
  );
  assert.equal(await firstFinding(t, rules, address), PASSED);
  assert.deepEqual(asked, ['GET\r\n', '\0\xff', 'x=42! b/s1', 'AB', 'done']);
});

test('tcp-check: a second connect goes to another port, and a failing one is told with its step', async t => {
  const first = await talkative(t, 'one');
  const second = await talkative(t, 'two');
  const closed = await freePort();
  const rules = tcp(
    `tcp-check connect port ${first.port}`,
    'tcp-check expect string one',
    `tcp-check connect addr ${second.address}`,
    'tcp-check expect string two',
    `tcp-check connect port ${closed} comment last`,
  );
  assert.equal(
    await firstFinding(t, rules, first.address),
    'failed, reason: Layer4 connection problem, info: "ECONNREFUSED returned by OS (Connection refused) ' +
      `at step 5 of tcp-check (connect port ${closed}) comment: 'last'"`,
  );
});

test('tcp-check: the port may be an expression, and a connect may begin with a PROXY header', async t => {
  const { asked, port } = await talkative(t, '', 'fine');
  const rules = tcp(
    `tcp-check set-var(check.port) int(${port})`,
    'tcp-check connect port var(check.port) send-proxy linger',
    'tcp-check send hello',
    'tcp-check expect string fine',
  );
  assert.equal(await firstFinding(t, rules, '127.0.0.1:9'), PASSED);
  assert.match(asked.join(''), new RegExp(`^PROXY TCP4 127.0.0.1 127.0.0.1 \\d+ ${port}\r\nhello$`));
});

test('check-send-proxy sends the header even where nothing else is sent', async t => {
  const { address, asked } = await talkative(t, '', 'x');
  assert.equal(
    await firstFinding(
      t,
      tcp('tcp-check connect default', 'tcp-check expect string x'),
      address,
      'check-send-proxy',
    ),
    PASSED,
  );
  assert.match(asked.join(''), /^PROXY TCP4 127.0.0.1 127.0.0.1 \d+ \d+\r\n$/);
});

const answer = (status: string, body = '', ...headers: string[]): string =>
  [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...headers].join('\r\n') + `\r\n\r\n${body}`;

const OK = answer('200 OK', 'hello', 'X-One: a, b', 'X-Two: c');
const HTTP_PASSED = 'succeeded, reason: Layer7 check passed, code: 200';

const HTTP_CASES: readonly (readonly [title: string, rules: string, answer: string, expected: string])[] = [
  ['2xx without a rule', http(), OK, HTTP_PASSED],
  ['3xx without a rule', http(), answer('302 Found'), 'succeeded, reason: Layer7 check passed, code: 302'],
  [
    '5xx without a rule',
    http(),
    answer('503 Service Unavailable'),
    'failed, reason: Layer7 wrong status, code: 503, info: "Service Unavailable"',
  ],
  [
    'an interim answer before the final one',
    http(),
    `HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n${OK}`,
    HTTP_PASSED,
  ],
  ['a status in a list', http('http-check expect status 201,300-399,200'), OK, HTTP_PASSED],
  [
    'a status that is not wanted',
    http('http-check expect ! status 200'),
    OK,
    'failed, reason: Layer7 wrong status, code: 200, info: "OK"',
  ],
  ['a status by regular expression', http('http-check expect rstatus ^20'), OK, HTTP_PASSED],
  ['text of the body', http('http-check expect string ell'), OK, HTTP_PASSED],
  ['text of the body by regular expression', http('http-check expect rstring ^h.*o$'), OK, HTTP_PASSED],
  ['a format over the body', http('http-check expect string-lf %[str(hell)]'), OK, HTTP_PASSED],
  [
    'text that is missing',
    http('http-check expect string bye'),
    OK,
    'failed, reason: Layer7 invalid response, info: "HTTP content check did not match"',
  ],
  [
    'text that is not wanted',
    http('http-check expect ! rstring hell'),
    OK,
    'failed, reason: Layer7 invalid response, info: "HTTP check matched unwanted content"',
  ],
  [
    'no body at all',
    http('http-check expect string x'),
    answer('200 OK'),
    'failed, reason: Layer7 invalid response, info: "HTTP content check could not find a response body"',
  ],
  [
    'a chunked body',
    http('http-check expect string "hello world"'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\n\r\n',
    HTTP_PASSED,
  ],
  ['a header by name', http('http-check expect hdr name x-one'), OK, HTTP_PASSED],
  ['one value of a header', http('http-check expect hdr name x-one value b'), OK, HTTP_PASSED],
  ['a whole header', http('http-check expect fhdr name -m beg x- value -m reg "^a, b\\$"'), OK, HTTP_PASSED],
  [
    'a header that is missing',
    http('http-check expect hdr name x-three'),
    OK,
    'failed, reason: Layer7 wrong status, code: 200, info: "OK"',
  ],
  [
    'on-error with a sample of the answer',
    http('http-check expect status 500 on-error "got %[res.hdr(x-two)]"'),
    OK,
    'failed, reason: Layer7 wrong status, code: 200, info: "got c"',
  ],
  [
    'disable-on-404 on a server that is up',
    http('http-check disable-on-404'),
    answer('404 Not Found'),
    'conditionally succeeded, reason: Layer7 check conditionally passed, code: 404',
  ],
  ['no HTTP at all', http(), 'SSH-2.0-OpenSSH\r\n', 'failed, reason: Layer7 invalid response'],
  ['half a status line', http(), 'HTTP/1.1 2', 'failed, reason: Layer7 invalid response'],
];

for (const [title, rules, text, expected] of HTTP_CASES)
  test(`http-check: ${title}`, async t => {
    const { address } = await talkative(t, '', text);
    const found = await firstFinding(t, rules, address);
    assert.equal(
      expected === 'failed, reason: Layer7 invalid response' ? found.slice(0, expected.length) : found,
      expected,
    );
  });

const REQUESTS: readonly (readonly [title: string, rules: string, request: string])[] = [
  ['option httpchk alone', http(), 'OPTIONS / HTTP/1.0\r\n\r\n'],
  ['one word is the URI', 'option httpchk /up', 'OPTIONS /up HTTP/1.0\r\n\r\n'],
  [
    'method, URI, version and host',
    'option httpchk GET /up HTTP/1.1 www',
    'GET /up HTTP/1.1\r\nhost: www\r\nconnection: close\r\n\r\n',
  ],
  [
    'http-check send replaces what it names and adds a body',
    lines(
      'option httpchk GET /old HTTP/1.1 www',
      'http-check send meth POST uri /new hdr Host a hdr X-Empty "%[var(check.none)]" hdr X "%[srv_name]" body text',
    ),
    'POST /new HTTP/1.1\r\nhost: a\r\nx: s1\r\ncontent-length: 4\r\nconnection: close\r\n\r\ntext',
  ],
  [
    'formats for URI and body, before the option',
    lines(
      'http-check set-var(check.u) str(/u)',
      'http-check send uri-lf "%[var(check.u)]" body-lf "%[be_name]"',
      'option httpchk',
    ),
    'OPTIONS /u HTTP/1.0\r\ncontent-length: 1\r\n\r\nb',
  ],
  [
    'a method with content says that there is none',
    'option httpchk PUT /',
    'PUT / HTTP/1.0\r\ncontent-length: 0\r\n\r\n',
  ],
];

for (const [title, rules, request] of REQUESTS)
  test(`the request of an HTTP check: ${title}`, async t => {
    const { address, asked } = await talkative(t, '', OK);
    await firstFinding(t, rules, address);
    assert.equal(asked.join(''), request);
  });

test('http-check send-state tells the server how it is seen', async t => {
  const { address, asked, port } = await talkative(t, '', OK);
  await firstFinding(t, http('http-check send-state'), address, 'weight 5');
  assert.match(
    asked[0] ?? '',
    new RegExp(
      `x-haproxy-server-state: UP; address=127.0.0.1; port=${port}; name=b/s1; node=node; weight=5/5; scur=0/0; qcur=0\r\n`,
    ),
  );
});

const MISTAKES: readonly (readonly [title: string, rules: string, message: RegExp])[] = [
  ['a regular expression that is none', tcp('tcp-check expect rstring (a'), /regex/],
  ['a format that is none', tcp('tcp-check send-lf %[nonsense]'), /nonsense/],
  ['a fetch of requests', tcp('tcp-check send-lf %[req.hdr(a)]'), /req\.hdr/],
  ['a status that is none', http('http-check expect status 200,x'), /invalid list of status codes/],
  ['a range that runs backwards', http('http-check expect status 300-200'), /invalid list of status codes/],
  ['an unknown ok-status', tcp('tcp-check expect ok-status L9OK string x'), /'ok-status' only supports/],
  ['min-recv that is no number', tcp('tcp-check expect min-recv x string x'), /'min-recv' expects/],
  [
    'an expect without a send',
    http('http-check connect', 'http-check expect status 200'),
    /missing send rule/,
  ],
  [
    'a send without a connect',
    http('http-check send uri /a', 'http-check expect status 200', 'http-check send uri /b'),
    /missing connect rule/,
  ],
  [
    'a connection behind what needs one',
    tcp('tcp-check comment c', 'tcp-check send x', 'tcp-check connect'),
    /the first rule must be a connect one/,
  ],
  ['a port that is none', tcp('tcp-check connect port 70000'), /expects a valid TCP port/],
];

for (const [title, rules, message] of MISTAKES)
  test(`check rules: ${title} is refused with its place`, t => {
    const text = `backend b\n ${rules}\n server s1 127.0.0.1:9 check`;
    const { mistakes } = startChecks(t, text);
    assert.equal(mistakes.length, 1);
    assert.match(mistakes[0]?.message ?? '', message);
    assert.ok((mistakes[0]?.position.line ?? 0) > 0);
  });
