/** The cases of the table: `npm run bench` runs all, `--only` those whose names begin so. */
import type { LoadCase } from './rounds.ts';
import { scenario } from './scenario.ts';

const ALL = ['haproxy', 'haproxy-again', 'lb', 'lb-node', 'nginx', 'http-proxy', 'fast-proxy'];
const SERVERS = ['haproxy', 'lb', 'lb-node', 'nginx'];
const HOSTS = ['haproxy', 'lb', 'nginx'];

const UPLOAD = 'wrk.method = "POST"\nwrk.body = string.rep("x", 1048576)\n';
const FORM = 'wrk.method = "POST"\nwrk.body = string.rep("x", 20000)\n';
const MANY_PATHS =
  'local n = 0\nrequest = function() n = (n + 1) % 1000; return wrk.format(nil, "/item/" .. n) end\n';

const BROWSER = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.5',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  Referer: 'http://www.example.org/articles/index.html',
  Cookie: 'session=8d0f7a36c1b94e1b; theme=dark; consent=yes',
  'Upgrade-Insecure-Requests': '1',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  Priority: 'u=0, i',
};

const SIZES = [10, 500, 4000];

const serversScale = (balance: string): LoadCase => ({
  name: `servers-scale-${balance}`,
  title: `Choosing among many servers: balance ${balance}`,
  contestants: ['haproxy', 'lb'],
  scenarios: SIZES.map(servers => scenario(`${servers} servers`, { balance, servers })),
  load: balance === 'uri' ? { script: MANY_PATHS } : {},
});

export const LOAD_CASES: readonly LoadCase[] = [
  {
    name: 'h1-small',
    title: 'Small answers, 64 keep-alive connections',
    contestants: ALL,
    scenarios: [scenario('64 connections')],
    load: { connections: 64 },
  },
  {
    name: 'h1-small-512',
    title: 'Small answers, 512 keep-alive connections',
    contestants: SERVERS,
    scenarios: [scenario('512 connections')],
    load: { connections: 512 },
  },
  {
    name: 'h1-autocannon',
    title: 'Small answers, 64 keep-alive connections, loaded by autocannon',
    contestants: HOSTS,
    scenarios: [scenario('64 connections')],
    load: { tool: 'autocannon', connections: 64 },
  },
  {
    name: 'h1-browser',
    title: 'Small answers to requests with the lines of a browser, for 1,000 paths',
    contestants: ['haproxy', 'lb', 'nginx'],
    scenarios: [scenario('64 connections')],
    load: { connections: 64, script: MANY_PATHS, headers: BROWSER },
  },
  {
    name: 'h1-close',
    title: 'A client connection for each request',
    contestants: SERVERS,
    scenarios: [scenario('64 clients')],
    load: { connections: 64, headers: { Connection: 'close' } },
  },
  {
    name: 'h1-medium',
    title: 'Answers of 20 and 100 KB, 32 keep-alive connections',
    contestants: SERVERS,
    scenarios: [scenario('20 KB'), scenario('100 KB')],
    load: { connections: 32, path: '/medium' },
    loads: { '20 KB': { connections: 32, path: '/text' } },
  },
  {
    name: 'h1-large',
    title: 'Responses of 1 MB',
    contestants: SERVERS,
    scenarios: [scenario('16 connections')],
    load: { connections: 16, path: '/large' },
  },
  {
    name: 'h1-upload',
    title: 'Uploads of 1 MB',
    contestants: SERVERS,
    scenarios: [scenario('16 connections', { origin: 'upload' })],
    load: { connections: 16, script: UPLOAD },
  },
  {
    name: 'h1-buffered',
    title: 'Requests of 20 KB, buffered before a server is chosen',
    contestants: SERVERS,
    scenarios: [scenario('64 connections', { origin: 'upload', buffersRequests: true })],
    load: { connections: 64, script: FORM },
  },
  {
    name: 'h1-rules',
    title: '30 ACLs, header changes, a map lookup',
    contestants: SERVERS,
    scenarios: [scenario('64 connections', { rich: true })],
    load: {},
  },
  {
    name: 'tls-small',
    title: 'TLS: small answers, 64 keep-alive connections',
    contestants: ['haproxy', 'haproxy-again', 'lb', 'lb-node', 'nginx'],
    scenarios: [scenario('64 connections', { tls: 'ecdsa' })],
    load: { connections: 64 },
  },
  {
    name: 'tls-close',
    title: 'TLS: a handshake for each request',
    contestants: ['haproxy', 'haproxy-again', 'lb', 'nginx'],
    scenarios: [
      scenario('full, RSA 2048', { tls: 'rsa' }),
      scenario('full, ECDSA P-256', { tls: 'ecdsa' }),
      scenario('resumed', { tls: 'ecdsa' }),
    ],
    // ab knows nothing of earlier sessions, wrk resumes them
    load: { tool: 'ab', connections: 16 },
    loads: { resumed: { tool: 'wrk', headers: { Connection: 'close' } } },
  },
  {
    name: 'tls-large',
    title: 'TLS: responses of 1 MB',
    contestants: HOSTS,
    scenarios: [scenario('16 connections', { tls: 'ecdsa' })],
    load: { connections: 16, path: '/large' },
  },
  {
    name: 'h2-small',
    title: 'HTTP/2: small answers, 16 connections with 8 streams each',
    contestants: ['haproxy', 'haproxy-again', 'lb', 'nginx'],
    scenarios: [scenario('in the clear', { http2: true }), scenario('TLS', { http2: true, tls: 'ecdsa' })],
    load: { tool: 'h2load', connections: 16 },
  },
  {
    name: 'h2-medium',
    title: 'HTTP/2: answers of 20 KB, 16 connections with 8 streams each',
    contestants: ['haproxy', 'lb', 'nginx'],
    scenarios: [scenario('in the clear', { http2: true }), scenario('TLS', { http2: true, tls: 'ecdsa' })],
    load: { tool: 'h2load', connections: 16, path: '/text' },
  },
  {
    name: 'gzip',
    title: 'Compression of 20 KB of text',
    contestants: HOSTS,
    scenarios: [scenario('64 connections', { gzip: true })],
    load: { connections: 64, path: '/text', headers: { 'Accept-Encoding': 'gzip' } },
  },
  {
    name: 'websocket',
    title: 'Websockets: messages of 32 bytes, echoed',
    contestants: SERVERS,
    scenarios: [scenario('64 connections', { origin: 'websocket' })],
    load: { tool: 'websocket', connections: 64 },
  },
  {
    name: 'cache-hit',
    title: 'Small answers out of the cache, 64 keep-alive connections',
    contestants: SERVERS,
    scenarios: [scenario('64 connections', { cached: true })],
    load: { connections: 64, path: '/cached' },
  },
  {
    name: 'cache-large',
    title: 'Answers of 20 KB out of the cache, 64 keep-alive connections',
    contestants: SERVERS,
    scenarios: [scenario('64 connections', { cached: true })],
    load: { connections: 64, path: '/cached-text' },
  },
  {
    name: 'acl-scale',
    title: 'Host rules, the last one matching',
    contestants: HOSTS,
    scenarios: [1, 100, 1000, 5000].map(hostRules => scenario(`${hostRules} rules`, { hostRules })),
    load: {},
  },
  serversScale('roundrobin'),
  serversScale('leastconn'),
  serversScale('uri'),
  {
    name: 'tcp-small',
    title: 'Mode tcp, small exchanges on 64 connections',
    contestants: SERVERS,
    scenarios: [scenario('64 connections', { mode: 'tcp' })],
    load: { connections: 64 },
  },
  {
    name: 'tcp-large',
    title: 'Mode tcp, 1 MB exchanges',
    contestants: SERVERS,
    scenarios: [scenario('16 connections', { mode: 'tcp' })],
    load: { connections: 16, path: '/large' },
  },
  {
    name: 'logging',
    title: 'A log line for each request, by UDP',
    contestants: HOSTS,
    scenarios: [scenario('off'), scenario('on', { logs: true })],
    load: {},
  },
  {
    name: 'threads',
    title: 'One and two threads, load and balancer sharing both CPUs',
    contestants: HOSTS,
    scenarios: [scenario('1 thread'), scenario('2 threads', { threads: 2 })],
    load: {},
    cpus: '0,1',
  },
];

export const IDLE_MEMORY = { name: 'idle-memory', contestants: [...SERVERS, 'http-proxy', 'fast-proxy'] };
export const START_UP = { name: 'start-up', contestants: HOSTS };
