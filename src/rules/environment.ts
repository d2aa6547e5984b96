/** What compiling rules needs besides what samples need: one per thread and proxy, made by proxy/runtime/compile-runtime.ts. */
import type { AclTable } from '../acl/acl-table.ts';
import type { CompiledLogFormat } from '../acl/compiled.ts';
import type { CompileEnvironment } from '../acl/environment.ts';
import type { Proxy } from '../model/proxy.ts';
import type { CaptureSlots } from './capture-slots.ts';
import type { ErrorPages } from './context.ts';
import type { ScriptProgram } from './script-program.ts';

export interface RuleEnvironment extends CompileEnvironment {
  readonly scripts?: ScriptProgram | undefined;
  readonly acls: AclTable;
  /** Those of the defaults section, for its rules. */
  readonly defaultsAcls: AclTable;
  /** The proxy whose rules are compiled. */
  readonly section: Proxy;
  /** `http-errors` sections by name (compileErrorSections). */
  readonly errorSections: ReadonlyMap<string, ErrorPages>;
  readonly captures: CaptureSlots;
  /** Log formats that `option httplog` and its kind stand for, as they were compiled for whoever has the same settings. */
  readonly namedFormats: Map<string, CompiledLogFormat | undefined>;
  /** `expose-experimental-directives` was said. */
  readonly experimental: boolean;
  /** `tune.bufsize`. */
  readonly bufsize: number;
  /** Bytes of a body that a large buffer holds; 0: there are none. */
  readonly largeBodyBytes: number;
}
