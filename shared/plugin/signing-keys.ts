// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { objectOf, stringField, stringMapField, structArrayField } from '../primitives/json-fields.ts';
import { type JsonObject, parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import type { PluginConfig } from './metadata.ts';
import { type PluginName, isPluginName } from './name.ts';

/** A key of Notation's key list, `signingkeys.json` (NP 12.10). */
export type NamedKey = NamedLocalKey | NamedPluginKey;

/** Paths of PEM files, as they stand in the list. */
export interface NamedLocalKey {
  readonly name: string;
  readonly keyPath: string;
  readonly certPath: string;
}

/** A key of a plugin with its configuration. */
export interface NamedPluginKey {
  readonly name: string;
  readonly plugin: PluginName;
  readonly keyId: string;
  readonly config: PluginConfig;
}

/** Keys of a person or a machine are few; more are a mistake, or meant to keep us busy. */
const maxKeys = 1000;
/** Names in a message. */
const maxNames = 20;

/** What `key_name` says for the key that `notation key set --default` chose. */
export const defaultKeyWord = 'default';

interface Entry {
  readonly name: string;
  readonly keyPath: string;
  readonly certPath: string;
  readonly id: string;
  readonly pluginName: string;
  readonly pluginConfig: PluginConfig | undefined;
}

/**
 * Finds a key in the text of a key list, by its name or, for `default`, the list's default key unless a key has just that
 * name. The whole list is checked as the reference does. Throws `key-unreadable` and `key-unsupported`, naming the file.
 */
export function findNamedKey(list: Uint8Array, name: string, file: string): NamedKey {
  const { entries, chosen } = parseList(list, file);
  const named = (wanted: string): Entry | undefined => entries.find((entry) => entry.name === wanted);
  const found = named(name) ?? (name === defaultKeyWord && chosen !== '' ? named(chosen) : undefined);
  if (found !== undefined) return keyOf(found, file);
  const what =
    name === defaultKeyWord ? 'default signing key not set' : `signing key ${quote(name.slice(0, 128))} not found`;
  throw new NotaryError('key-unreadable', `${what} in ${file}: ${namesIn(entries)}`, {
    hint: 'Give the name of one of these keys as {input:keyName}, or add the key on this machine with notation key add.',
  });
}

function namesIn(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'it has no keys';
  const names = entries.slice(0, maxNames).map(({ name }) => quote(name.slice(0, 128)));
  const left = entries.length - names.length;
  return `it has ${names.join(', ')}${left === 0 ? '' : ` and ${left} more`}`;
}

function parseList(list: Uint8Array, file: string): { entries: readonly Entry[]; chosen: string } {
  let fields: JsonObject;
  let entries: readonly Entry[];
  let chosen: string;
  try {
    fields = objectOf(parseJson(list), 'signingkeys.json');
    chosen = stringField(fields, 'default');
    entries = structArrayField(fields, 'keys', entryOf) ?? [];
  } catch (cause) {
    throw malformed(messageOf(cause), file);
  }
  checkNames(entries, file);
  if (chosen === '' && fields.members.some(({ key, value }) => key === 'default' && value.kind === 'string')) {
    throw malformed('default key name cannot be empty', file);
  }
  if (chosen !== '' && !entries.some(({ name }) => name === chosen)) {
    throw malformed(`default key ${quote(chosen.slice(0, 128))} not found`, file);
  }
  return { entries, chosen };
}

function entryOf(fields: JsonObject): Entry {
  return {
    name: stringField(fields, 'name'),
    keyPath: stringField(fields, 'keyPath'),
    certPath: stringField(fields, 'certPath'),
    id: stringField(fields, 'id'),
    pluginName: stringField(fields, 'pluginName'),
    pluginConfig: stringMapField(fields, 'pluginConfig'),
  };
}

function checkNames(entries: readonly Entry[], file: string): void {
  if (entries.length > maxKeys) throw malformed(`it has more than ${maxKeys} keys`, file);
  const names = new Set<string>();
  for (const { name } of entries) {
    if (name === '') throw malformed('key name cannot be empty', file);
    if (names.has(name)) throw malformed(`multiple keys with name ${quote(name.slice(0, 128))} found`, file);
    names.add(name);
  }
}

/** A key with both kinds is the local one, as with the reference. */
function keyOf({ name, keyPath, certPath, id, pluginName, pluginConfig }: Entry, file: string): NamedKey {
  if (keyPath !== '' && certPath !== '') return { name, keyPath, certPath };
  const what = `the signing key ${quote(name.slice(0, 128))} in ${file}`;
  const hint = 'Correct the key with notation key delete and notation key add.';
  if (pluginName === '' || id === '') {
    const text = `${what} has neither keyPath and certPath nor pluginName and id`;
    throw new NotaryError('key-unsupported', text, { hint });
  }
  if (!isPluginName(pluginName)) {
    const text = `${what} names the plugin ${quote(pluginName.slice(0, 128))}, which is not a plugin name`;
    throw new NotaryError('key-unsupported', text, { hint });
  }
  return { name, plugin: pluginName, keyId: id, config: pluginConfig ?? new Map() };
}

function malformed(problem: string, file: string): NotaryError {
  return new NotaryError('key-unreadable', `malformed signingkeys.json: ${problem} (${file})`, {
    hint: 'Correct the file; notation key ls on this machine says whether it is right.',
  });
}
