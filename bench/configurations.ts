/**
 * Scenarios as configuration texts. lb and HAProxy get the same one; nginx one that does the same work in its
 * own way (a hash of server names, a map, header rewrites), undefined where Debian's nginx cannot.
 */
import type { Scenario } from './scenario.ts';

export interface Ports {
  readonly listen: number;
  readonly origin: number;
  readonly log: number;
}

/** Files that a configuration names. */
export interface Files {
  readonly map: string;
  /** Certificate and key. */
  readonly certificate: string;
}

const HOST = 'bench.example';
export const lastHost = (rules: number): string => (rules === 0 ? HOST : `host${rules - 1}.example`);

const RICH_ACLS = 30;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

// ── HAProxy's language ──

export function haproxyConfiguration(wanted: Scenario, ports: Ports, files: Files): string {
  return [
    'global',
    '  maxconn 9000',
    `  nbthread ${wanted.threads}`,
    ...(wanted.logs ? [`  log 127.0.0.1:${ports.log} local0`] : []),
    'defaults',
    `  mode ${wanted.mode}`,
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    ...(wanted.logs ? ['  log global', `  option ${wanted.mode}log`] : []),
    'frontend f',
    `  bind 127.0.0.1:${ports.listen}${bindOptions(wanted, files.certificate)}`,
    ...(wanted.gzip ? ['  compression algo gzip', '  compression type text/plain'] : []),
    ...(wanted.rich ? richRules(files.map) : []),
    ...(wanted.buffersRequests ? ['  option http-buffer-request'] : []),
    ...numbers(wanted.hostRules).map(i => `  use_backend h${i} if { hdr(host) -i host${i}.example }`),
    '  default_backend b',
    'backend b',
    `  balance ${wanted.balance}`,
    ...numbers(wanted.servers).map(i => `  server s${i} 127.0.0.1:${ports.origin}`),
    ...(wanted.cached ? ['  http-request cache-use c', '  http-response cache-store c'] : []),
    ...numbers(wanted.hostRules).flatMap(i => [`backend h${i}`, `  server s 127.0.0.1:${ports.origin}`]),
    ...numbers(wanted.idleBackends).flatMap(i => [`backend i${i}`, `  server s 127.0.0.1:${ports.origin}`]),
    ...(wanted.cached ? ['cache c', '  total-max-size 16', '  max-age 3600'] : []),
    '',
  ].join('\n');
}

function bindOptions({ tls, http2 }: Scenario, certificate: string): string {
  if (tls === 'none') return http2 ? ' proto h2' : '';
  return ` ssl crt ${certificate} alpn ${http2 ? 'h2' : 'http/1.1'}`;
}

/** What an edge proxy's configuration tends to hold; nothing of it denies. */
function richRules(mapFile: string): string[] {
  return [
    ...numbers(RICH_ACLS / 3).flatMap(i => [
      `  acl path${i} path_beg /section${i}/`,
      `  acl name${i} hdr(host) -i name${i}.example`,
      `  acl kind${i} hdr_sub(user-agent) -i robot${i}`,
    ]),
    ...numbers(RICH_ACLS / 3).map(i => `  http-request deny if path${i} name${i} or kind${i}`),
    '  http-request set-header X-Forwarded-Proto http',
    '  http-request set-header X-Real-IP %[src]',
    '  http-request del-header X-Internal',
    `  http-request set-header X-Tenant %[hdr(host),lower,map(${mapFile},nobody)]`,
    '  http-response set-header X-Frame-Options DENY',
    '  http-response del-header Server',
  ];
}

export function mapText(): string {
  return numbers(1000)
    .map(i => `tenant${i}.example t${i}\n`)
    .concat(`${HOST} bench\n`)
    .join('');
}

// ── nginx ──

export function nginxConfiguration(
  wanted: Scenario,
  ports: Ports,
  folder: string,
  files: Files,
): string | undefined {
  if (wanted.mode === 'tcp') return undefined;
  const balance = { roundrobin: '', leastconn: 'least_conn;', uri: 'hash $uri;' }[wanted.balance];
  if (balance === undefined) return undefined;
  return `worker_processes ${wanted.threads}; daemon off; error_log stderr crit; pid ${folder}/nginx.pid;
worker_rlimit_nofile 20000;
events { worker_connections 18000; }
http { ${nginxCommon(folder)}
  ${wanted.logs ? `access_log syslog:server=127.0.0.1:${ports.log} combined;` : 'access_log off;'}
  client_max_body_size 0; proxy_request_buffering ${wanted.buffersRequests ? 'on; client_body_buffer_size 32k' : 'off'}; server_names_hash_max_size 65536;
  proxy_http_version 1.1; ${connectionHeader(wanted)} proxy_set_header Host $host;
  ${wanted.gzip ? 'gzip on; gzip_types text/plain;' : ''}
  upstream b { ${balance} ${`server 127.0.0.1:${ports.origin}; `.repeat(wanted.servers)} keepalive 4096; }
  ${numbers(wanted.hostRules)
    .map(i => `upstream h${i} { server 127.0.0.1:${ports.origin}; keepalive 64; }`)
    .join('\n')}
  ${wanted.rich ? nginxMaps(files.map) : ''}
  ${wanted.cached ? `proxy_cache_path ${folder}/cache keys_zone=c:16m; proxy_cache c;` : ''}
  server { ${nginxListen(wanted, ports.listen, files.certificate)}
    location / { ${wanted.rich ? NGINX_RICH : ''} proxy_pass http://b; } }
  ${numbers(wanted.hostRules)
    .map(
      i => `server { listen 127.0.0.1:${ports.listen}; server_name host${i}.example;
    location / { proxy_pass http://h${i}; } }`,
    )
    .join('\n')}
}`;
}

function nginxListen({ tls, http2 }: Scenario, port: number, certificate: string): string {
  const listen = `listen 127.0.0.1:${port} default_server${http2 ? ' http2' : ''}`;
  if (tls === 'none') return `${listen};`;
  return `${listen} ssl; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate ${certificate}; ssl_certificate_key ${certificate};`;
}

const connectionHeader = ({ origin }: Scenario): string =>
  origin === 'websocket'
    ? 'proxy_set_header Connection upgrade; proxy_set_header Upgrade $http_upgrade;'
    : 'proxy_set_header Connection "";';

const nginxCommon = (folder: string): string => `keepalive_requests 100000000; keepalive_timeout 75s;
  tcp_nopush on; sendfile on; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};`;

function nginxMaps(mapFile: string): string {
  const denied = numbers(RICH_ACLS / 3).map(
    i => `map $http_host:$uri $d${i} { ~^name${i}\\.example:/section${i}/ 1; default 0; }`,
  );
  const robots = numbers(RICH_ACLS / 3).map(i => `~*robot${i} 1;`);
  return `map_hash_max_size 8192; ${denied.join(' ')} map $http_user_agent $robot { ${robots.join(' ')} default 0; }
  map $host $tenant { default nobody; include ${mapFile}.nginx; }`;
}

const NGINX_RICH = `${numbers(RICH_ACLS / 3)
  .map(i => `if ($d${i}) { return 403; }`)
  .join(' ')} if ($robot) { return 403; }
  proxy_set_header X-Forwarded-Proto http; proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Internal ""; proxy_set_header X-Tenant $tenant; proxy_set_header Host $host;
  proxy_set_header Connection ""; add_header X-Frame-Options DENY; proxy_hide_header Server;`;

/**
 * The origin of most: 100 bytes at every path, 1 MB at /large, 100 KB at /medium, 20 KB of text at /text; the first and the last
 * to be kept at /cached and /cached-text.
 */
export function originConfiguration(folder: string, port: number): string {
  return `worker_processes 1; daemon off; error_log stderr crit; pid ${folder}/nginx.pid;
worker_rlimit_nofile 20000;
events { worker_connections 18000; }
http { ${nginxCommon(folder)} access_log off;
  server { listen 127.0.0.1:${port} backlog=4096; root ${folder};
    location / { return 200 "${'o'.repeat(100)}"; } location = /large { } location = /medium { } location = /text { default_type text/plain; }
    location = /cached-text { alias ${folder}/text; default_type text/plain; add_header Cache-Control max-age=3600; }
    location = /cached { add_header Cache-Control max-age=3600; return 200 "${'o'.repeat(100)}"; } } }`;
}
