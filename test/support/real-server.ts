/** Starts the real servers that checks are made for: in folders of their own, on free ports, ended by their process. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface RealServer {
  readonly port: number;
  readonly address: string;
  readonly process: ChildProcess;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const isRoot = process.getuid?.() === 0;

/** Programs that refuse to run as root run as the account of their package. */
function accountOf(name: string): Account {
  if (!isRoot) return {};
  const id = (flag: string): number => Number(spawnSync('id', [flag, name]).stdout.toString());
  return { uid: id('-u'), gid: id('-g') };
}

function folderFor(t: TestContext, account: Account = {}): string {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o755);
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid ?? account.uid);
  return folder;
}

async function launch(
  t: TestContext,
  program: string,
  args: readonly string[],
  port: number,
  options: Account & { cwd?: string } = {},
): Promise<RealServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (said += String(chunk)));
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await once(child, 'exit');
    clearTimeout(late);
  });
  for (const deadline = Date.now() + 30_000; !(await accepts(port)); await sleep(50))
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`${program} did not start:\n${said}`);
  return { port, address: `127.0.0.1:${port}`, process: child };
}

/** Stops a server. The signal is only on its way when `kill` returns: until it arrives the threads go on answering. */
export async function hang({ process: { pid }, process: child }: RealServer): Promise<void> {
  child.kill('SIGSTOP');
  const folder = `/proc/${pid}/task`;
  const stands = (thread: string): boolean => {
    const stat = readFileSync(join(folder, thread, 'stat'), 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'T';
  };
  for (const deadline = Date.now() + 60_000; !readdirSync(folder).every(stands); await sleep(5))
    if (Date.now() > deadline) throw new Error(`process ${pid} does not stop`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const finish = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

function run(program: string, args: readonly string[], account: Account): void {
  const { status, stderr, stdout } = spawnSync(program, args, account);
  if (status !== 0) throw new Error(`${program} failed:\n${String(stdout)}${String(stderr)}`);
}

export async function startRedis(t: TestContext, ...options: string[]): Promise<RealServer> {
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    folderFor(t),
    ...options,
  ];
  return launch(t, 'redis-server', args, port);
}

/** The folder of PostgreSQL's programs; undefined: it is not installed. */
export function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root) ? readdirSync(root).toSorted().at(-1) : undefined;
  const folder = version && join(root, version, 'bin');
  return folder !== undefined && existsSync(join(folder, 'initdb')) ? folder : undefined;
}

/** `method`: how it authenticates all users. */
export async function startPostgres(t: TestContext, programs: string, method: string): Promise<RealServer> {
  const account = accountOf('postgres');
  const folder = folderFor(t, account);
  const port = await freePort();
  const data = join(folder, 'data');
  writeFileSync(join(folder, 'password'), 'secret');
  chmodSync(join(folder, 'password'), 0o644);
  const init = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    method,
    '--pwfile',
    join(folder, 'password'),
    '--no-sync',
  ];
  run(join(programs, 'initdb'), init, account);
  const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'];
  const server = await launch(t, join(programs, 'postgres'), args, port, account);
  // it accepts connections a moment before it is ready to answer them
  const isReady = (): boolean =>
    spawnSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0;
  for (const deadline = Date.now() + 30_000; !isReady() && Date.now() < deadline;) await sleep(50);
  return server;
}

/** It knows a user `haproxy` without a password. */
export async function startMariadb(t: TestContext): Promise<RealServer> {
  const account = accountOf('mysql');
  const folder = folderFor(t, account);
  const port = await freePort();
  const data = join(folder, 'data');
  const init = join(folder, 'init.sql');
  writeFileSync(init, "CREATE USER 'haproxy'@'%';\n");
  chmodSync(init, 0o644);
  const method = '--auth-root-authentication-method=normal';
  run('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, method, '--skip-test-db'], account);
  const args = ['--no-defaults', `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const own = [
    `--socket=${join(folder, 'socket')}`,
    `--init-file=${init}`,
    `--pid-file=${join(folder, 'pid')}`,
  ];
  return launch(t, 'mariadbd', [...args, ...own], port, account);
}

export async function startSlapd(t: TestContext, ...settings: string[]): Promise<RealServer> {
  const folder = folderFor(t);
  const port = await freePort();
  const file = join(folder, 'slapd.conf');
  writeFileSync(file, [`pidfile ${folder}/pid`, ...settings, 'database monitor', ''].join('\n'));
  return launch(t, 'slapd', ['-h', `ldap://127.0.0.1:${port}`, '-f', file, '-d', '256'], port);
}

export async function startSmtpd(t: TestContext): Promise<RealServer> {
  const folder = folderFor(t);
  const port = await freePort();
  const file = join(folder, 'smtpd.conf');
  const lines = [
    `listen on 127.0.0.1 port ${port} hostname mail.example`,
    'action "none" relay',
    'match from local for any reject',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  return launch(t, 'smtpd', ['-d', '-f', file], port);
}

/** `location`: directives of its one location. */
export async function startNginx(t: TestContext, location: string): Promise<RealServer> {
  const folder = folderFor(t);
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; location / { ${location} } } }
`,
  );
  return launch(t, 'nginx', ['-p', folder, '-c', file], port);
}
