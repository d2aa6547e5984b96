/** How the servers of a proxy are, and how many connections they and it have, in sentences: what SIGHUP asks for. */
import type { Proxy } from '../model/proxy.ts';
import { SRV_STOPPED } from '../state/server-words.ts';
import { valueOf } from './column.ts';
import { columnNamed } from './columns.ts';
import { subjectsOf } from './rows.ts';
import type { ServerSubject, Subject } from './subject.ts';
import type { StatsView } from './view.ts';

export function serverLines(view: StatsView, proxy: Proxy, row: number): string[] {
  const subjects = [...subjectsOf(view, proxy, row, {})];
  const servers = subjects.filter(subject => subject.kind === 'server');
  return [...servers.map(serverLine), proxyLine(proxy, subjects, servers)];
}

function serverLine(subject: ServerSubject): string {
  const { view, proxy, name, server } = subject;
  const state = view.state.servers.state(server.row) === SRV_STOPPED ? 'DOWN' : 'UP';
  const [active, pending, total] = ['scur', 'qcur', 'stot'].map(column => numberOf(subject, column));
  return `Server ${proxy.name}/${name} is ${state}. Conn: ${active} act, ${pending} pend, ${total} tot.`;
}

function proxyLine(proxy: Proxy, subjects: readonly Subject[], servers: readonly ServerSubject[]): string {
  const front = subjects.find(({ kind }) => kind === 'frontend');
  const back = subjects.find(({ kind }) => kind === 'backend');
  const unassigned = numberOf(back, 'qcur');
  const pending = servers.reduce((sum, server) => sum + numberOf(server, 'qcur'), unassigned);
  const connections =
    `Conn: act(FE+BE): ${numberOf(front, 'scur')}+${numberOf(back, 'scur')}, ${pending} pend (${unassigned} unass), ` +
    `tot(FE+BE): ${numberOf(front, 'conn_tot')}+${numberOf(back, 'stot')}.`;
  return `Proxy ${proxy.name} ${available(servers.length, back)} ${connections}`;
}

function available(servers: number, back: Subject | undefined): string {
  if (servers === 0) return 'has no servers.';
  const [active, backup] = [numberOf(back, 'act'), numberOf(back, 'bck')];
  if (active > 0) return `has ${active} active servers and ${backup} backup servers available.`;
  return backup > 0 ? 'is running on backup servers !' : 'has no server available !';
}

/** 0 where there is none. */
function numberOf(subject: Subject | undefined, name: string): number {
  const column = columnNamed(name);
  return subject === undefined || column === undefined ? 0 : Number(valueOf(column, subject) ?? 0);
}
