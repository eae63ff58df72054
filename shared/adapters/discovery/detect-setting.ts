// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';

/** The `detect` input, understood. */
export interface DetectSetting {
  /** Channels to look at; empty for `off`. */
  readonly channels: ReadonlySet<string>;
  /** The author named channels: then pull requests from forks may use them. */
  readonly named: boolean;
  /** The author also wants images that were pushed by digest only. */
  readonly intermediates: boolean;
}

const intermediates = 'push-by-digest';

/** Parses `auto`, `off`, or a list of channels and `push-by-digest`. Throws `input-invalid` for anything else. */
export function parseDetectSetting(text: string, known: readonly string[]): DetectSetting {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  if (words.length === 0) return { channels: new Set(known), named: false, intermediates: false };
  const [only] = words.length === 1 ? words : [];
  if (only === 'off') return { channels: new Set(), named: true, intermediates: false };
  const wrong = words.find((word) => word !== 'auto' && word !== intermediates && !known.includes(word));
  if (wrong !== undefined) {
    const values = ['auto', 'off', ...known, intermediates].join(', ');
    throw new NotaryError('input-invalid', `{input:detect} must be made of ${values}. Got ${JSON.stringify(wrong)}`);
  }
  const named = words.filter((word) => known.includes(word));
  const all = words.includes('auto') || named.length === 0;
  return {
    channels: new Set(all ? known : named),
    named: named.length > 0,
    intermediates: words.includes(intermediates),
  };
}
