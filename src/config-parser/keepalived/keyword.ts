/**
 * A keyword of a block of keepalived.conf is one row. Unknown keywords are reported and skipped with their block
 * (keepalived does the same, less gracefully); known ones without effect in this program are named as such.
 */
import { didYouMean } from '../nearest.ts';
import type { Statement } from './block.ts';
import { ignoredKeyword } from './ignored-keywords.ts';
import type { Scope } from './scope.ts';

export interface KeepalivedKeyword<Draft> {
  readonly name: string;
  /** As in keepalived.conf(5). Words behind one that takes none change nothing, and are told of. */
  readonly args: string;
  readonly summary: string;
  /** Fewest words after the name; default 0. */
  readonly least?: number;
  /** What to write instead. */
  readonly deprecated?: string;
  /** Its value is read and checked, and that is all. */
  readonly withoutEffect?: true;
  readonly parse: (draft: Draft, statement: Statement, scope: Scope) => void;
}

export class KeywordTable<Draft> {
  /** Path of the block: `vrrp_instance/authentication`; `` is the top. */
  readonly block: string;
  readonly rows: readonly KeepalivedKeyword<Draft>[];
  readonly #byName: ReadonlyMap<string, KeepalivedKeyword<Draft>>;

  constructor(block: string, rows: readonly KeepalivedKeyword<Draft>[]) {
    this.block = block;
    this.rows = rows;
    this.#byName = new Map(rows.map(row => [row.name, row]));
  }

  /** Reads the statements of a block into its draft. */
  read(draft: Draft, statements: readonly Statement[], scope: Scope): void {
    for (const statement of statements) this.#readOne(draft, statement, scope);
  }

  #readOne(draft: Draft, statement: Statement, scope: Scope): void {
    const { name, position, words } = statement;
    const row = this.#byName.get(name);
    if (row === undefined) {
      this.#unknown(statement, scope);
      return;
    }
    if (words.length < (row.least ?? 0)) {
      scope.report.warn(position, `'${name}' needs ${row.args} - ignoring`);
      return;
    }
    if (row.deprecated !== undefined)
      scope.report.remark(position, `'${name}' is deprecated, use '${row.deprecated}'`);
    if (row.withoutEffect === true)
      scope.report.remark(position, `'${name}' is recognised but has no effect here`);
    else if (row.args === '' && words.length > 0)
      scope.report.remark(position, `'${name}' takes no words: '${statement.raw}' is passed over`);
    row.parse(draft, statement, scope);
  }

  #unknown({ name, position }: Statement, scope: Scope): void {
    const ignored = ignoredKeyword(this.block, name);
    if (ignored === 'no effect')
      scope.report.remark(position, `'${name}' is recognised but has no effect here`);
    else if (ignored !== undefined) scope.report.alert(position, `'${name}' is not supported: ${ignored}`);
    else {
      const names = this.rows.map(row => row.name);
      scope.report.warn(position, `Unknown keyword '${name}'`, didYouMean(name, names));
    }
  }
}
