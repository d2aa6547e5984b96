/** The `userlist` section: users, groups and who belongs where (manual, section 12.1 of older versions, 3.4 today). */
import type { Userlist } from '../../model/config.ts';
import type { Position } from '../../model/diagnostic.ts';
import type { Word } from '../../model/word.ts';
import type { SectionOpener, SectionReader } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import type { Keyword } from '../keyword.ts';
import type { LineContext } from '../line-context.ts';
import type { ParserContext } from '../parser-context.ts';
import { readSectionName } from './section-name.ts';

interface GroupDraft {
  readonly name: string;
  readonly position: Position;
  readonly users: readonly string[];
}

interface UserDraft {
  readonly name: string;
  readonly position: Position;
  readonly password: string;
  readonly secure: boolean;
  readonly groups: readonly string[];
}

interface UserlistDraft {
  readonly groups: GroupDraft[];
  readonly users: UserDraft[];
}

function splitNames(text: string): readonly string[] {
  return text.split(',').filter(name => name !== '');
}

function parseGroup(draft: UserlistDraft, words: readonly Word[], context: LineContext): void {
  const [name, option, list] = words as [Word, Word?, Word?];
  if (draft.groups.some(group => group.name === name.text)) {
    context.warn(name, `ignoring duplicated group '${name.text}' in userlist.`);
    return;
  }
  if (option !== undefined && (option.text !== 'users' || list === undefined)) {
    context.alert(
      option,
      `'group' expects 'users <user>[,<user>...]' after the name, found '${option.text}'.`,
    );
    return;
  }
  draft.groups.push({ name: name.text, position: name.position, users: splitNames(list?.text ?? '') });
}

/** A hash that crypt(3) knows: `$id$...`, or the 13 characters of DES. */
const CRYPT_HASH = /^(\$[0-9a-z-]+\$.+|[./A-Za-z0-9]{13})$/;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** One option with its value; false after an error. */
function readUserOption(
  user: Mutable<UserDraft>,
  option: Word,
  value: Word | undefined,
  context: LineContext,
): boolean {
  if (!['password', 'insecure-password', 'groups'].includes(option.text)) {
    context.alert(option, `unknown option '${option.text}' for user '${user.name}'.`);
    return false;
  }
  if (value === undefined) {
    context.alert(option, `'${option.text}' expects a value for user '${user.name}'.`);
    return false;
  }
  if (option.text === 'groups') {
    user.groups = splitNames(value.text);
    return true;
  }
  user.secure = option.text === 'password';
  user.password = value.text;
  if (user.secure && !CRYPT_HASH.test(value.text))
    context.alert(value, `the encrypted password used for user '${user.name}' is not supported by crypt(3).`);
  return true;
}

function parseUser(draft: UserlistDraft, words: readonly Word[], context: LineContext): void {
  const [name, ...options] = words as [Word, ...Word[]];
  if (draft.users.some(user => user.name === name.text)) {
    context.warn(name, `ignoring duplicated user '${name.text}' in userlist.`);
    return;
  }
  const user: Mutable<UserDraft> = {
    name: name.text,
    position: name.position,
    password: '',
    secure: false,
    groups: [],
  };
  for (let index = 0; index < options.length; index += 2) {
    if (!readUserOption(user, options[index] as Word, options[index + 1], context)) return;
  }
  draft.users.push(user);
}

export const USERLIST_KEYWORDS: readonly Keyword<UserlistDraft>[] = [
  {
    name: 'group',
    sections: ['userlist'],
    args: '<name> [users <user>[,<user>...]]',
    arity: [1, 3],
    summary: 'declares a group of users',
    parse: parseGroup,
  },
  {
    name: 'user',
    sections: ['userlist'],
    args: '<name> [password|insecure-password <password>] [groups <group>[,<group>...]]',
    arity: [1, 7],
    summary: 'declares a user',
    parse: parseUser,
  },
];

const INDEX = createKeywordIndex(USERLIST_KEYWORDS);

/** Names on either side have to exist. */
function checkNames(name: string, draft: UserlistDraft, context: ParserContext): void {
  for (const group of draft.groups) {
    const missing = group.users.find(user => !draft.users.some(one => one.name === user));
    if (missing !== undefined)
      context.alert(
        group.position,
        `userlist '${name}': no such user '${missing}' specified in group '${group.name}'`,
      );
  }
  for (const user of draft.users) {
    const missing = user.groups.find(group => !draft.groups.some(one => one.name === group));
    if (missing !== undefined)
      context.alert(
        user.position,
        `userlist '${name}': no such group '${missing}' specified in user '${user.name}'`,
      );
  }
}

/** Membership is told from both sides: by the group's list and by the user's. */
function finishUserlist(name: string, position: Position, draft: UserlistDraft): Userlist {
  const groupsOf = (user: UserDraft): readonly string[] => [
    ...new Set([
      ...user.groups,
      ...draft.groups.filter(group => group.users.includes(user.name)).map(group => group.name),
    ]),
  ];
  const users = draft.users.map(user => ({
    name: user.name,
    password: user.password,
    secure: user.secure,
    groups: groupsOf(user),
  }));
  const members = (group: string): readonly string[] =>
    users.filter(user => user.groups.includes(group)).map(user => user.name);
  const groups = draft.groups.map(({ name: group }) => ({ name: group, users: members(group) }));
  return { name, position, groups, users };
}

export const openUserlist: SectionOpener = (words, config, context): SectionReader => {
  const name = readSectionName(words, context) ?? '';
  const position = context.position;
  const draft: UserlistDraft = { groups: [], users: [] };
  const duplicate = config.userlists.find(list => list.name === name);
  if (duplicate !== undefined) context.warn(position, `ignoring duplicated userlist '${name}'.`);
  return {
    line: (line, at) => void applyLine(INDEX, draft, line, at),
    end: at => {
      checkNames(name, draft, at);
      if (duplicate === undefined) config.userlists.push(finishUserlist(name, position, draft));
    },
  };
};
