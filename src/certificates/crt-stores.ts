/** `crt-store` sections (manual, section 12.7): certificates under names of their own, with the files that belong to them. */
import {
  isLoadOption,
  readLoadOption,
  type CertificateLoad,
  type LoadDraft,
} from '../config-parser/haproxy/crt-load-options.ts';
import type { OtherSection } from '../model/config.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Word } from '../model/word.ts';
import type { LoadedFiles } from './certificate-loader.ts';
import type { CrtListLoader } from './crt-list-loader.ts';

type Alert = (position: Position, text: string) => void;

export function loadCrtStore(section: OtherSection, lists: CrtListLoader, alert: Alert): void {
  new CrtStoreSection(section, lists, alert).load();
}

interface Bases {
  crtBase?: string;
  keyBase?: string;
}

class CrtStoreSection {
  readonly #section: OtherSection;
  readonly #lists: CrtListLoader;
  readonly #alert: Alert;
  readonly #bases: Bases = {};
  #hasLoaded = false;

  constructor(section: OtherSection, lists: CrtListLoader, alert: Alert) {
    this.#section = section;
    this.#lists = lists;
    this.#alert = alert;
    const { crtBase, keyBase } = lists.global;
    if (crtBase !== undefined) this.#bases.crtBase = crtBase;
    if (keyBase !== undefined) this.#bases.keyBase = keyBase;
  }

  load(): void {
    for (const [keyword, ...words] of this.#section.lines) {
      if (keyword === undefined) continue;
      const wrong = keyword.text === 'load' ? this.#loadLine(words) : this.#baseLine(keyword.text, words[0]);
      if (wrong !== undefined) this.#alert(keyword.position, wrong);
    }
  }

  #baseLine(keyword: string, value: Word | undefined): string | undefined {
    if (this.#hasLoaded)
      return `'${keyword}' can't be used after a load line, use it at the beginning of the section.`;
    this.#bases[keyword === 'crt-base' ? 'crtBase' : 'keyBase'] = value?.text ?? '';
    return undefined;
  }

  #loadLine(words: readonly Word[]): string | undefined {
    const read = readLoadWords(words.map(({ text }) => text));
    if (typeof read === 'string') return read;
    const { load, alias } = read;
    if (load.crt === undefined) return `'load' in section 'crt-store': mandatory 'crt' parameter not found.`;
    this.#hasLoaded = true;
    const { store } = this.#lists;
    const name = this.#nameOf(load.crt, alias);
    const fault = this.#lists.made.faultOf(load);
    if (fault !== undefined) return fault;
    const found = this.#find(name, load);
    if ('error' in found) return found.error;
    if (store.certificates.has(name))
      return `'load' in section 'crt-store': store '${name}' was already defined.`;
    store.certificates.set(name, { name, ...found, origin: 'crt-store', load });
    return undefined;
  }

  /** Read, or made: one that is to come from an authority need not be there yet. */
  #find(name: string, load: CertificateLoad): LoadedFiles | { readonly error: string } {
    const { loader, made } = this.#lists;
    const named = this.#lists.withBases(load, this.#bases);
    if (load.generateDummy === 'on') return { loaded: made.dummy(name, load), files: {} };
    if (load.acme !== undefined && !loader.exists(named.crt ?? '', ''))
      return { loaded: made.standIn(name, load), files: {} };
    return loader.loadNamed(name, named, '');
  }

  /** `@store/alias`, `@store/file`, or the file with `crt-base`. */
  #nameOf(crt: string, alias: string | undefined): string {
    const { name } = this.#section;
    if (alias !== undefined) return `@${name}/${alias}`;
    return name === '' ? this.#lists.withBase(crt) : `@${name}${crt.startsWith('/') ? '' : '/'}${crt}`;
  }
}

function readLoadWords(
  words: readonly string[],
): { readonly load: LoadDraft; readonly alias: string | undefined } | string {
  const load: LoadDraft = {};
  let alias: string | undefined;
  for (let index = 0; index < words.length; index += 2) {
    const option = words[index] as string;
    const value = words[index + 1] ?? '';
    if (option === 'alias') {
      if (value.startsWith('/'))
        return `cannot parse 'alias' value '${value}', '/' is forbidden as the first character.`;
      alias = value;
      continue;
    }
    if (!isLoadOption(option)) return `'load ${option}' in section 'crt-store': unknown keyword '${option}'.`;
    const wrong = readLoadOption(load, option, value);
    if (wrong !== undefined) return wrong;
  }
  return { load, alias };
}
