// SPDX-License-Identifier: Apache-2.0
import { isObject } from './build-metadata.ts';

/** Where a build sends its result: an entry of buildx's `--output`. */
export type BuildOutput = ReadonlyMap<string, string>;

/**
 * Parses an output as buildx does: `type=image,"name=a,b",push=true` (comma-separated values, RFC 4180 quotes), or the
 * object that newer versions print. A bare path is a local export. Undefined for anything else.
 */
export function parseBuildOutput(value: unknown): BuildOutput | undefined {
  if (isObject(value)) {
    return new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), String(field)]));
  }
  if (typeof value !== 'string') return undefined;
  const fields = (value.match(/"(?:[^"]|"")*"|[^,]+/g) ?? []).map((field) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
  if (!fields.some((field) => field.includes('='))) return new Map([['type', 'local']]);
  return new Map(
    fields.map((field) => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1).trim()];
    }),
  );
}

/** Whether this output puts an image into a registry. */
export function isPushed(output: BuildOutput): boolean {
  const type = output.get('type');
  return type === 'registry' || (type === 'image' && isTrue(output.get('push')));
}

/** Whether this output leaves an image without a tag, as one platform of an index that is put together later. */
export function isPushedByDigest(output: BuildOutput): boolean {
  return isTrue(output.get('push-by-digest'));
}

/** Go's `strconv.ParseBool`. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(?:1|t|T|true|True|TRUE)$/.test(text);
}
