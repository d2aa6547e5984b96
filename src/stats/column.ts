/** A column of the statistics: for each kind of object that has it, how it is read and what it means. */
import type { FieldName } from '../state/counter-fields.ts';
import type { BackendSubject, FrontendSubject, ListenerSubject, ServerSubject, Subject } from './subject.ts';
import type { Value, ValueType } from './value.ts';

export interface Cell<S extends Subject = Subject> {
  readonly type: ValueType;
  /** Origin, nature, scope (value.ts). */
  readonly tags: string;
  readonly read: (subject: S) => Value;
}

export interface Cells {
  readonly frontend?: Cell<FrontendSubject>;
  readonly listener?: Cell<ListenerSubject>;
  readonly server?: Cell<ServerSubject>;
  readonly backend?: Cell<BackendSubject>;
}

export interface StatColumn {
  readonly name: string;
  readonly description: string;
  /** A counter that a reload may hand on (`P` in the typed output), not a value of the moment (`V`). */
  readonly persistent: boolean;
  readonly cells: Cells;
}

type Read<S extends Subject> = (subject: S) => Value;

/** The value of the column for that object; undefined: it has none. */
export function valueOf(column: StatColumn, subject: Subject): Value {
  const cell = column.cells[subject.kind] as Cell | undefined;
  return cell?.read(subject);
}

export function column(name: string, description: string, cells: Cells): StatColumn {
  return { name, description, persistent: false, cells };
}

/** The same reading for every kind named by its letter (L listener, F frontend, B backend, S server). */
export function forKinds(kinds: string, type: ValueType, tags: string, read: Read<Subject>): Cells {
  const cell: Cell = { type, tags, read };
  return {
    ...(kinds.includes('L') && { listener: cell }),
    ...(kinds.includes('F') && { frontend: cell }),
    ...(kinds.includes('B') && { backend: cell }),
    ...(kinds.includes('S') && { server: cell }),
  };
}

/** A plain total. `shown` says for which objects it is told. */
export function total(
  name: FieldName,
  kinds: string,
  description: string,
  shown: (subject: Subject) => boolean = () => true,
): StatColumn {
  const read: Read<Subject> = subject => (shown(subject) ? counted(subject, name) : undefined);
  return { name, description, persistent: true, cells: forKinds(kinds, 'u64', 'MCP', read) };
}

export function counted(subject: Subject, field: FieldName): number {
  return subject.view.state.counters.read(subject.row, field, 0);
}

/** Events during the last second. */
export function rate(name: string, field: FieldName, kinds: string, description: string): StatColumn {
  const read: Read<Subject> = ({ view, row }) => view.state.counters.read(row, field, view.now());
  return { name, description, persistent: true, cells: forKinds(kinds, 'u32', 'MRP', read) };
}

export function highestRate(field: FieldName): Read<Subject> {
  return ({ view, row }) => view.state.counters.highestRate(row, field, view.now());
}

/** Highest value seen. */
export function highest(name: FieldName, kinds: string, description: string): StatColumn {
  return column(
    name,
    description,
    forKinds(kinds, 'u32', 'MMP', subject => counted(subject, name)),
  );
}

export function isHttp({ proxy }: Subject): boolean {
  return proxy.mode === 'http';
}
