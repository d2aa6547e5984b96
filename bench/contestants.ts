/** The balancers that are compared: how each is started on a scenario. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificateFile } from './certificates.ts';
import {
  type Files,
  haproxyConfiguration,
  mapText,
  nginxConfiguration,
  type Ports,
} from './configurations.ts';
import { accepting, BALANCER_CPU, pinned } from './processes.ts';
import type { Scenario } from './scenario.ts';

export interface Contestant {
  readonly name: string;
  /** Its command line, its files written to the folder; undefined when it cannot do that. */
  command(wanted: Scenario, ports: Ports, folder: string): readonly string[] | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** An lb at `folder`, with lines of its own in the global section. */
function lb(name: string, folder: string, global = ''): Contestant {
  return {
    name,
    command: (wanted, ports, files) => [
      process.execPath,
      join(folder, 'bin/lb'),
      '-db',
      '-f',
      haproxyFile(wanted, ports, files, global),
    ],
  };
}

const haproxy = (name: string): Contestant => ({
  name,
  command: (wanted, ports, folder) => [
    process.env['HAPROXY'] ?? 'haproxy',
    '-db',
    '-f',
    haproxyFile(wanted, ports, folder, ''),
  ],
});

function haproxyFile(wanted: Scenario, ports: Ports, folder: string, global: string): string {
  const file = join(folder, 'haproxy.cfg');
  const files = filesOf(wanted, folder);
  writeFileSync(files.map, mapText());
  writeFileSync(file, haproxyConfiguration(wanted, ports, files).replace('global\n', `global\n${global}`));
  return file;
}

const filesOf = ({ tls }: Scenario, folder: string): Files => ({
  map: join(folder, 'tenants.map'),
  certificate: tls === 'none' ? '' : certificateFile(tls, folder),
});

const nginx: Contestant = {
  name: 'nginx',
  command: (wanted, ports, folder) => {
    const files = filesOf(wanted, folder);
    const text = nginxConfiguration(wanted, ports, folder, files);
    if (text === undefined) return undefined;
    writeFileSync(`${files.map}.nginx`, mapText().replaceAll('\n', ';\n'));
    writeFileSync(join(folder, 'nginx.conf'), text);
    return [process.env['NGINX'] ?? 'nginx', '-p', folder, '-c', join(folder, 'nginx.conf')];
  },
};

/** What people use in Node today; plain forwarding only. */
const peer = (name: string): Contestant => ({
  name,
  command: (wanted, ports) => {
    const plain =
      wanted.mode === 'http' &&
      wanted.tls === 'none' &&
      !wanted.http2 &&
      wanted.servers === 1 &&
      wanted.hostRules + wanted.idleBackends === 0;
    if (!plain || wanted.rich || wanted.logs || wanted.threads !== 1) return undefined;
    const script = join(root, `bench/peers/${name}.mjs`);
    return [process.execPath, script, String(ports.listen), String(ports.origin)];
  },
});

/** `lb=<folder>` adds an lb built elsewhere under that name. */
export function contestant(name: string): Contestant {
  const [own, folder] = name.split('=');
  if (folder !== undefined) return lb(own as string, folder);
  switch (name) {
    case 'lb':
      return lb(name, root);
    case 'lb-node':
      return lb(name, root, '  tune.engine node\n');
    case 'nginx':
      return nginx;
    case 'haproxy':
    case 'haproxy-again':
      return haproxy(name);
    case 'http-proxy':
    case 'fast-proxy':
      return peer(name);
    default:
      throw new Error(`no contestant is named ${name}`);
  }
}

export interface Started {
  readonly contestant: Contestant;
  readonly scenario: Scenario;
  readonly child: ChildProcess;
  readonly port: number;
}

/** On the balancer's CPU, and accepting; undefined when it cannot do that. */
export async function start(
  who: Contestant,
  wanted: Scenario,
  ports: Ports,
  folder: string,
  cpus = BALANCER_CPU,
): Promise<Started | undefined> {
  const command = who.command(wanted, ports, folder);
  if (command === undefined) return undefined;
  const child = pinned(cpus, command);
  const started = { contestant: who, scenario: wanted, child, port: ports.listen };
  await accepting(child, ports.listen, `${who.name} (${wanted.label})`);
  return started;
}
