// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { objectOf, stringField, structArrayField } from '../primitives/json-fields.ts';
import { type JsonObject, parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import { invalidPolicy, within } from './invalid.ts';
import { type RawStatement, type TrustPolicyStatement, decodeStatement, validateStatement } from './statement.ts';

/** Where the reference sends those who have no policy, or a broken one. */
export const policyHelp =
  'To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy';

/** What distinguishes one kind of trust policy from the other. */
export interface PolicyKind<T> {
  /** In front of "trust policy" in messages: nothing for OCI artifacts, as Notation 1.3.2 has it. */
  readonly prefix: '' | 'blob ';
  /** The input that names the file. */
  readonly input: string;
  /** Reads the members that only this kind has. Throws `malformed`. */
  readonly decode: (statement: JsonObject) => T;
  /** Called with each statement, after the rules for every kind, in order. Throws `trust-policy-invalid`. */
  readonly check?: (statement: TrustPolicyStatement & T) => void;
}

/**
 * Parses a trust policy file as the reference loads it: unknown members are ignored, names match in any letter case, and
 * nothing is read after the first JSON value. `finish` sees all statements. Throws `trust-policy-invalid` with the
 * reference's words.
 */
export function parsePolicyDocument<T>(
  bytes: Uint8Array,
  fileName: string,
  kind: PolicyKind<T>,
  finish: (statements: readonly (TrustPolicyStatement & T)[]) => void = () => undefined,
): readonly (TrustPolicyStatement & T)[] {
  try {
    const statements = validateDocument(decodeDocument(bytes, fileName, kind), kind);
    finish(statements);
    return statements;
  } catch (thrown) {
    if (!(thrown instanceof NotaryError) || thrown.code !== 'trust-policy-invalid') throw thrown;
    const hint = [`Correct ${fileName} ({input:${kind.input}}).`, ...(thrown.hint === undefined ? [] : [thrown.hint])];
    const { code, message, cause, location } = thrown;
    throw new NotaryError(code, message, { hint: hint.join(' '), cause, location });
  }
}

interface RawDocument<T> {
  readonly version: string;
  readonly statements: readonly { readonly raw: RawStatement; readonly own: T }[];
}

function decodeDocument<T>(bytes: Uint8Array, fileName: string, { decode }: PolicyKind<T>): RawDocument<T> {
  try {
    const document = objectOf(parseJson(bytes, { trailing: 'ignore' }), 'trust policy');
    const decodeBoth = (statement: JsonObject) => ({ raw: decodeStatement(statement), own: decode(statement) });
    const statements = structArrayField(document, 'trustPolicies', decodeBoth) ?? [];
    return { version: stringField(document, 'version'), statements };
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    const text = `malformed trust policy. ${policyHelp} (${fileName}: ${thrown.message})`;
    const location = thrown.location === undefined ? undefined : { ...thrown.location, file: fileName };
    throw new NotaryError('trust-policy-invalid', text, { cause: thrown, location });
  }
}

function validateDocument<T>(
  { version, statements }: RawDocument<T>,
  { prefix, check = () => undefined }: PolicyKind<T>,
): readonly (TrustPolicyStatement & T)[] {
  const document = `${prefix}trust policy document`;
  if (version === '') {
    throw invalidPolicy(`${document} has empty version, version must be specified`, 'The version is "1.0".');
  }
  if (version !== '1.0') {
    throw invalidPolicy(`${document} uses unsupported version ${quote(version)}`, 'The version is "1.0".');
  }
  if (statements.length === 0) throw invalidPolicy(`${document} can not have zero trust policy statements`);
  const names = new Set<string>();
  return statements.map(({ raw, own }) => {
    if (names.has(raw.name)) {
      throw invalidPolicy(
        `multiple ${prefix}trust policy statements use the same name ${quote(raw.name)}, statement names must be unique`,
      );
    }
    names.add(raw.name);
    const statement = { ...within(`${prefix}trust policy: `, () => validateStatement(raw)), ...own };
    check(statement);
    return statement;
  });
}
