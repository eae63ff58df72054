// SPDX-License-Identifier: Apache-2.0
import type { Host } from './host.ts';
import { inputTable } from './inputs.ts';
import type { InputName, InputRow } from './inputs.ts';

/** Replaces `{input:name}` by the name that users of a host type. */
export function hostWords(product: Host['product'], text: string): string {
  return text.replace(/\{input:(\w+)\}/g, (whole, name: string) => {
    if (!Object.hasOwn(inputTable, name)) return whole;
    const row: InputRow = inputTable[name as InputName];
    return row[product] ?? row.github ?? row.azure ?? name;
  });
}
