/**
 * Configurations as appliances and ingress controllers write them, each with one thing in great number. A request to the
 * port is answered by a rule; files that a configuration names are written to its folder.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateFile } from './certificates.ts';

export interface LargeConfiguration {
  readonly name: string;
  /** How many there are at size 1. */
  readonly count: number;
  /** HAProxy's text with `count` of them. */
  readonly text: (count: number, port: number, folder: string) => string;
}

const BEGIN = `global
  maxconn 1000
  nbthread 2
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
`;

const END = `  default_backend b
backend b
  server s 127.0.0.1:9
`;

/** The frontend of a configuration that has one: `before` and `behind` the rule that answers. */
function oneFrontend(port: number, before: readonly string[], behind: readonly string[] = []): string {
  const all = [...before, 'http-request return status 200', ...behind];
  return `${BEGIN}frontend f\n  bind 127.0.0.1:${port}\n${all.map(line => `  ${line}\n`).join('')}${END}`;
}

function lines(count: number, line: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => line(index));
}

/** One port serves them all: each has an address of its own. */
function address(index: number): string {
  return index === 0 ? '127.0.0.1' : `127.1.${index >> 8}.${index & 255}`;
}

export const LARGE_CONFIGURATIONS: readonly LargeConfiguration[] = [
  {
    name: 'rules with a condition',
    count: 10_000,
    text: (count, port) =>
      oneFrontend(
        port,
        lines(count, i => `http-request set-header x y${i} if { path_beg /p${i} }`),
      ),
  },
  {
    name: 'hosts: an ACL and a use_backend',
    count: 5000,
    text: (count, port) =>
      oneFrontend(
        port,
        [],
        lines(count, i => `acl h${i} hdr(host) -i h${i}.example\n  use_backend b if h${i}`),
      ),
  },
  {
    name: 'frontends',
    count: 2500,
    text: (count, port) =>
      BEGIN +
      lines(count, i => `frontend f${i}\n  bind ${address(i)}:${port}\n${answered(i)}`).join('') +
      END,
  },
  {
    name: 'listen sections without rules',
    count: 2500,
    text: (count, port) =>
      BEGIN + lines(count, i => `listen l${i}\n  bind ${address(i)}:${port}\n${LISTENING}`).join(''),
  },
  {
    name: 'backends of 4 servers',
    count: 2500,
    text: (count, port) => oneFrontend(port, []) + lines(count, backend).join(''),
  },
  { name: 'lines of 2 maps', count: 100_000, text: withMaps },
  { name: 'lines of 2 ACL files', count: 5000, text: withLists },
  { name: 'certificates in a folder', count: 2000, text: withCertificates },
];

function answered(index: number): string {
  return `  http-request return status 200 if { path_beg /${index === 0 ? '' : index} }\n  default_backend b\n`;
}

const LISTENING = '  monitor-uri /\n  server s 127.0.0.1:9\n  server t 127.0.0.1:10\n';

function backend(index: number): string {
  const servers = lines(4, i => `  server s${i} 127.0.0.1:${9 + i} check inter 1m\n`);
  return `backend b${index}\n  balance roundrobin\n${servers.join('')}`;
}

function withMaps(count: number, port: number, folder: string): string {
  const [first, second] = ['first.map', 'second.map'].map(name => {
    const path = join(folder, name);
    writeFileSync(path, lines(count, i => `host${i}.${name} backend${i % 10}\n`).join(''));
    return path;
  });
  return oneFrontend(port, [
    `http-request set-header x %[hdr(host),lower,map(${first},none)]`,
    `http-request set-header y %[hdr(host),lower,map_beg(${second},none)]`,
  ]);
}

function withLists(count: number, port: number, folder: string): string {
  const networks = join(folder, 'networks');
  const paths = join(folder, 'paths');
  writeFileSync(networks, lines(count, i => `10.${i >> 8}.${i & 255}.0/24\n`).join(''));
  writeFileSync(paths, lines(count, i => `/path/${i}\n`).join(''));
  return oneFrontend(port, [
    `acl network src -f ${networks}`,
    `acl path path_beg -f ${paths}`,
    'http-request deny if network path',
  ]);
}

/** The same one under many names. */
function withCertificates(count: number, port: number, folder: string): string {
  const certificates = join(folder, 'certificates');
  mkdirSync(certificates, { recursive: true });
  const file = certificateFile('ecdsa', folder);
  for (let index = 0; index < count; index++) copyFileSync(file, join(certificates, `c${index}.pem`));
  return oneFrontend(port, [`bind ${address(1)}:${port} ssl crt ${certificates}`]);
}
