/** The named ACLs of one proxy (manual, section 7.1): several lines of one name are alternatives. */
import type { AclLine } from '../model/word.ts';
import { compileAclLine } from './acl-line.ts';
import type { CompiledLine } from './acl-line.ts';
import { PREDEFINED_ACLS } from './acl-keywords.ts';
import type { CompiledAcl, CompileEnvironment, NamedAcls } from './environment.ts';
import { isResponsePhase } from './phase.ts';
import { prefixed } from './prefixed.ts';

/** An ACL as conditions see it; `lines` for those that look inside. */
export interface LinkedAcl extends CompiledAcl {
  readonly lines: readonly CompiledLine[];
}

export class AclTable implements NamedAcls {
  readonly #lines = new Map<string, AclLine[]>();
  /** `hdr` and its like read the other message in responses: compiled once for each direction. */
  #compiled: Map<string, LinkedAcl | 'broken'> | undefined;
  /** Their names, to find out that one needs itself. */
  readonly #compiling: string[] = [];

  constructor(lines: readonly AclLine[]) {
    for (const line of lines) {
      const known = this.#lines.get(line.name);
      if (known === undefined) this.#lines.set(line.name, [line]);
      else known.push(line);
    }
  }

  names(): IterableIterator<string> {
    return this.#lines.keys();
  }

  find(name: string, env: CompileEnvironment, phases: number): LinkedAcl | 'broken' | undefined {
    const key = `${isResponsePhase(phases) ? 'res' : 'req'} ${name}`;
    const known = this.#compiled?.get(key);
    if (known !== undefined) return known;
    const lines = this.#lines.get(name) ?? predefined(name);
    if (lines === undefined) return undefined;
    const acl = this.#compileLines(name, lines, env, phases);
    (this.#compiled ??= new Map()).set(key, acl);
    return acl;
  }

  /** Compiles the ACLs that nothing used so far, so that their mistakes are reported too. */
  compileUnused(env: CompileEnvironment, phases: number): void {
    for (const name of this.#lines.keys())
      if (!this.#compiled?.has(`req ${name}`) && !this.#compiled?.has(`res ${name}`))
        this.find(name, env, phases);
  }

  #compileLines(
    name: string,
    lines: readonly AclLine[],
    env: CompileEnvironment,
    phases: number,
  ): LinkedAcl | 'broken' {
    const first = lines[0] as AclLine;
    if (this.#compiling.includes(name)) {
      env.report({
        severity: 'alert',
        position: first.position,
        message: `ACL '${name}' have a recursive loop`,
      });
      return 'broken';
    }
    this.#compiling.push(name);
    const about = prefixed(env, `error detected while parsing ACL '${name}' : `);
    const compiled = lines.map(line => compileAclLine(line.words, line.position, phases, about));
    this.#compiling.pop();
    return compiled.every(line => line !== undefined) ? linkLines(compiled) : 'broken';
  }
}

const NOWHERE = { file: '', line: 0, column: 0 };

function predefined(name: string): readonly AclLine[] | undefined {
  const words = Object.hasOwn(PREDEFINED_ACLS, name) ? PREDEFINED_ACLS[name] : undefined;
  return words && [{ name, position: NOWHERE, words: words.map(text => ({ text, position: NOWHERE })) }];
}

/** The lines as alternatives. */
export function linkLines(lines: readonly CompiledLine[]): LinkedAcl {
  const tests = lines.map(line => line.test);
  const [only] = tests;
  const constants = lines.map(line => line.constant);
  const isTrue = constants.includes(true);
  return {
    lines,
    test: tests.length === 1 && only !== undefined ? only : ctx => tests.some(test => test(ctx)),
    phases: lines.reduce((bits, line) => bits | line.chain.phases, 0),
    needsHttp: lines.some(line => line.chain.needsHttp),
    constant: isTrue ? true : constants.every(constant => constant === false) ? false : undefined,
    incremental: lines.some(line => line.chain.incremental),
  };
}
