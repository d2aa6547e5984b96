import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuleRecorder, renderRules } from '../../src/rules/explain.ts';
import { DENY } from '../../src/rules/verdict.ts';
import { compileConfig } from '../support/compiled-rules.ts';
import { requestContext } from '../support/rule-context.ts';

const TEXT = [
  'frontend web',
  '  mode http',
  '  bind :80',
  '  acl internal src 10.0.0.0/8',
  '  acl internal hdr(x-real-ip),lower 10.1.1.1',
  '  http-request set-header A b if METH_POST',
  '  http-request deny if { path_beg /admin } !internal || { hdr(x) 1 }',
  '  http-request set-header never reached',
  '',
].join('\n');

test('each rule is shown with its place, the samples it saw and what became of it', () => {
  const compiled = compileConfig(TEXT);
  const { httpRequest } = compiled.rules.get('web') ?? assert.fail();
  const ctx = requestContext('GET /admin/x HTTP/1.1', 'X-Real-Ip: 192.0.2.1');
  const recorder = new RuleRecorder(({ name }) => compiled.environments.get(name) ?? assert.fail());
  ctx.trace = recorder;
  assert.equal(httpRequest.run(ctx), DENY);
  assert.deepEqual(JSON.parse(JSON.stringify(recorder.rules[1])), {
    file: 'test.cfg',
    line: 7,
    proxy: 'web',
    rule: 'http-request deny',
    condition: 'if { path_beg /admin } !internal || { hdr(x) 1 }',
    matched: true,
    terms: [
      {
        text: '{ path_beg /admin }',
        holds: true,
        samples: [{ expression: 'path', value: '/admin/x' }],
        definitions: [],
      },
      {
        text: '!internal',
        holds: true,
        samples: [
          { expression: 'src', value: '192.0.2.7' },
          { expression: 'req.hdr(x-real-ip),lower', value: '192.0.2.1' },
        ],
        definitions: [
          { file: 'test.cfg', line: 4, text: 'src 10.0.0.0/8' },
          { file: 'test.cfg', line: 5, text: 'hdr(x-real-ip),lower 10.1.1.1' },
        ],
      },
      { text: '{ hdr(x) 1 }', holds: false, samples: [{ expression: 'req.hdr(x)' }], definitions: [] },
    ],
    verdict: 'deny',
  });
  assert.equal(
    renderRules(recorder.rules, false),
    [
      'test.cfg:6  http-request set-header A b  not matched',
      '    if METH_POST',
      '      no  METH_POST  (method = "GET")',
      'test.cfg:7  http-request deny  matched: deny',
      '    if { path_beg /admin } !internal || { hdr(x) 1 }',
      '      yes { path_beg /admin }  (path = "/admin/x")',
      '      yes !internal  (src = "192.0.2.7", req.hdr(x-real-ip),lower = "192.0.2.1")',
      '            test.cfg:4  src 10.0.0.0/8',
      '            test.cfg:5  hdr(x-real-ip),lower 10.1.1.1',
      '      no  { hdr(x) 1 }  (req.hdr(x) = (absent))',
      '',
    ].join('\n'),
  );
  assert.match(renderRules(recorder.rules, true), /\u001b\[32mmatched: deny/);
});

test('long lists of an ACL are cut, equal samples told once, and bytes that do not print escaped', () => {
  const many = Array.from({ length: 60 }, (_, index) => `/dir${index}`).join(' ');
  const compiled = compileConfig(
    [
      'frontend web',
      '  mode http',
      '  bind :80',
      `  acl site path_beg ${many}`,
      '  acl site path_end .css',
      '  http-request deny if site || { req.hdr(x),url_dec -m found }',
      '',
    ].join('\n'),
  );
  const { httpRequest } = compiled.rules.get('web') ?? assert.fail();
  const ctx = requestContext('GET / HTTP/1.1', 'X: %1b[31m%ff');
  const recorder = new RuleRecorder(({ name }) => compiled.environments.get(name) ?? assert.fail());
  ctx.trace = recorder;
  httpRequest.run(ctx);
  const lines = renderRules(recorder.rules, false).split('\n');
  assert.equal(lines[2], '      no  site  (path = "/")');
  assert.match(lines[3] ?? '', /^ {12}test\.cfg:4 {2}path_beg \/dir0 \/dir1 .* \/dir\d\d \.\.\.$/);
  assert.equal(
    lines[5],
    '      yes { req.hdr(x),url_dec -m found }  (req.hdr(x),url_dec = "\\x1b[31m\\xff")',
  );
});
