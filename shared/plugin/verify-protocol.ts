// SPDX-License-Identifier: Apache-2.0
import type { ClaimedTime, ExtendedAttribute, VerifiedEnvelope } from '../envelope/content.ts';
import { NotaryError } from '../errors.ts';
import { encodeBase64 } from '../primitives/base64.ts';
import { type GoJson, encodeGoJson } from '../primitives/json-encode.ts';
import { arrayField, booleanField, membersNamed, objectOf, stringField } from '../primitives/json-fields.ts';
import { plainJson } from '../primitives/json-plain.ts';
import type { JsonObject } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import { type PluginConfig, configMember } from './metadata.ts';
import { contractVersion, readResponse } from './response.ts';

/** Signed attributes that name the verification plugin; they are not sent to it. */
export const pluginAttributes = {
  name: 'io.cncf.notary.verificationPlugin',
  minimumVersion: 'io.cncf.notary.verificationPluginMinVersion',
} as const;

/** What a verification plugin is asked. */
export interface VerificationQuestion {
  readonly envelope: VerifiedEnvelope;
  readonly trustedIdentities: readonly string[];
  /** The capabilities that count, in the order of the plugin's metadata; never empty. */
  readonly capabilities: readonly string[];
}

/** What a plugin found about one capability. */
export interface PluginFinding {
  readonly success: boolean;
  readonly reason: string;
}

export interface PluginVerdict {
  readonly findings: ReadonlyMap<string, PluginFinding>;
  readonly processedAttributes: readonly string[];
}

/** Go's zero time, which the reference sends when a signature does not expire (reference 12.7). */
const noExpiry = '0001-01-01T00:00:00Z';

/** Attributes that the plugin has to process, critical or not; labels that are no text are left out, as in the reference. */
export function attributesForPlugin(
  extended: readonly ExtendedAttribute[],
): readonly (ExtendedAttribute & { readonly key: string })[] {
  const known: readonly string[] = Object.values(pluginAttributes);
  return extended.filter(
    (attribute): attribute is ExtendedAttribute & { readonly key: string } =>
      typeof attribute.key === 'string' && !known.includes(attribute.key),
  );
}

/** The request of `verify-signature`. Throws `plugin-failed` for an attribute that JSON cannot say. */
export function encodeVerifyRequest(question: VerificationQuestion, config: PluginConfig): Uint8Array {
  const { payload, signedAttributes, certificateChain } = question.envelope;
  const attributes = attributesForPlugin(signedAttributes.extended);
  const extended = new Map(attributes.map(({ key, value }) => [key, jsonOf(value, key)]));
  return encodeGoJson({
    contractVersion,
    signature: {
      criticalAttributes: {
        contentType: payload.contentType,
        signingScheme: signedAttributes.signingScheme,
        expiry: signedAttributes.expiry === undefined ? noExpiry : formatTime(signedAttributes.expiry),
        authenticSigningTime:
          signedAttributes.signingScheme === 'notary.x509'
            ? undefined
            : formatTime(signedAttributes.authenticSigningTime),
        extendedAttributes: extended.size === 0 ? undefined : extended,
      },
      unprocessedAttributes: attributes.length === 0 ? null : attributes.map(({ key }) => key),
      certificateChain: certificateChain.map(({ der }) => encodeBase64(der)),
    },
    trustPolicy: {
      trustedIdentities: question.trustedIdentities,
      signatureVerification: question.capabilities,
    },
    ...configMember(config),
  });
}

/** A claimed time as Go's `time.Time` is marshalled: RFC 3339 in its own zone. */
function formatTime({ date, offsetMinutes }: ClaimedTime): string {
  const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().replace(/\.?0*Z$/, '');
  if (offsetMinutes === 0) return `${local}Z`;
  const distance = Math.abs(offsetMinutes);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

/** Attributes nest by a level or two; the envelope readers bound them too. */
const maxDepth = 100;

/** The value of an attribute, from either format, as Go marshals it. */
function jsonOf(value: unknown, key: string, depth = 0): GoJson {
  if (depth > maxDepth) throw unsayable(key);
  switch (typeof value) {
    case 'boolean':
    case 'string':
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'bigint':
      return value;
    default:
      return value === null ? null : jsonOfObject(value, key, depth);
  }
}

function jsonOfObject(value: unknown, key: string, depth: number): GoJson {
  if (value instanceof Uint8Array) return encodeBase64(value);
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, key, depth + 1));
  if (!(value instanceof Map)) throw unsayable(key);
  const entries = [...(value as ReadonlyMap<unknown, unknown>)].map(([name, item]): [string, GoJson] => {
    if (typeof name !== 'string') throw unsayable(key);
    return [name, jsonOf(item, key, depth + 1)];
  });
  return new Map(entries);
}

function unsayable(key: string): NotaryError {
  return new NotaryError('plugin-failed', `extended attribute ${quote(key)} cannot be sent to a plugin as JSON`);
}

/** Reads the answer to `verify-signature`; an answer for a capability that is `null` counts as none. Throws `plugin-failed`. */
export function parseVerifyResponse(output: Uint8Array, plugin: string): PluginVerdict {
  return readResponse(output, 'verify-signature', plugin, (response) => ({
    findings: findingsOf(response),
    processedAttributes: processedOf(response),
  }));
}

/** Those that are text. Of several lists the last counts; all must decode as Go decodes values of any type. */
function processedOf(response: JsonObject): readonly string[] {
  for (const list of membersNamed(response, 'processedAttributes')) plainJson(list);
  const items = arrayField(response, 'processedAttributes')?.items ?? [];
  return items.flatMap((item) => (item.kind === 'string' ? [item.value] : []));
}

function findingsOf(response: JsonObject): ReadonlyMap<string, PluginFinding> {
  const findings = new Map<string, PluginFinding>();
  for (const results of membersNamed(response, 'verificationResults')) {
    // a `null` empties the map that an earlier member filled
    if (results.kind === 'null') findings.clear();
    for (const { key, value } of objectOf(results, 'verificationResults').members) {
      if (value.kind === 'null') {
        findings.delete(key);
        continue;
      }
      const finding = objectOf(value, key);
      findings.set(key, { success: booleanField(finding, 'success'), reason: stringField(finding, 'reason') });
    }
  }
  return findings;
}
