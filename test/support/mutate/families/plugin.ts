// SPDX-License-Identifier: Apache-2.0
import type { NotaryError } from '../../../../shared/errors.ts';
import { parseMetadata } from '../../../../shared/plugin/metadata.ts';
import { readPluginError } from '../../../../shared/plugin/plugin-error.ts';
import {
  parseDescribeKeyResponse,
  parseGenerateEnvelopeResponse,
  parseGenerateSignatureResponse,
} from '../../../../shared/plugin/signing-protocol.ts';
import { parseVerifyResponse } from '../../../../shared/plugin/verify-protocol.ts';
import { accepted, type Answer, base64, type Family, refusedAt } from '../family.ts';
import { anyValue, type Members, mutateMembers, mutateText, objectText } from '../json.ts';
import type { Random } from '../random.ts';

/** What plugins print: their answers to each command, and their errors. */
export const plugin: Family = {
  name: 'plugin',
  oracle: 'plugin',
  reasonOf: (message, stage) => {
    // What Go's decoder says of an answer is no reason of the reference's. Where the plugin gives none it has none either.
    if (stage === 'malformed' || ['<nil>', 'exit status 1'].includes(message)) return '';
    if (message.startsWith('plugin oracle ')) return '';
    // The oracle has no file of a plugin's name.
    return message.replaceAll('notation-', '');
  },
  generate: (random) => {
    const command = random.pick(commands);
    const failed = random.chance(0.15);
    const output = Buffer.from(document(random, failed ? errorMembers(random) : members[command](random)));
    return {
      input: { command, failed, output: base64(output) },
      decide: () => (failed ? errorAnswer(output) : decide(() => read[command](output))),
    };
  },
};

const name = 'oracle';
const hex = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('hex');

/** The facts of an accepted answer. */
const read = {
  'get-plugin-metadata': (output: Uint8Array): unknown => {
    const found = parseMetadata(output, name, name);
    return [found.name, found.description, found.version, found.url, found.capabilities];
  },
  'describe-key': (output: Uint8Array): unknown => parseDescribeKeyResponse(output, name, 'k'),
  'generate-signature': (output: Uint8Array): unknown => {
    const { signature, signingAlgorithm, certificateChain } = parseGenerateSignatureResponse(output, name, 'k');
    return [hex(signature), signingAlgorithm, certificateChain.map(hex)];
  },
  'generate-envelope': (output: Uint8Array): unknown => {
    const { envelope, annotations } = parseGenerateEnvelopeResponse(output, name, 'application/cose');
    return [hex(envelope), [...annotations].map(([key, value]) => `${hex(key)}=${hex(value)}`).sort()];
  },
  'verify-signature': (output: Uint8Array): unknown => {
    const { findings, processedAttributes } = parseVerifyResponse(output, name);
    const found = [...findings].map(([key, { success, reason }]) => `${hex(key)} ${success} ${hex(reason)}`);
    return [found.sort(), processedAttributes.map(hex)];
  },
};

type Command = keyof typeof read;
const commands = Object.keys(read) as Command[];

function decide(facts: () => unknown): Answer {
  try {
    return accepted(facts());
  } catch (thrown) {
    const malformed = (thrown as Partial<NotaryError>).message?.startsWith('failed to unmarshal') === true;
    return refusedAt(malformed ? 'malformed' : 'contract', thrown);
  }
}

/** Only for a report that can be read the texts are the same. */
function errorAnswer(output: Uint8Array): Answer {
  const error = readPluginError(name, 'verify-signature', output, 'exit status 1');
  if (output.length === 0) return { accepted: false, stage: 'contract', text: error.message };
  const malformed = error.cause !== undefined;
  return { accepted: false, stage: malformed ? 'malformed' : 'reported', text: error.message };
}

const text = (value: string): string => JSON.stringify(value);
const texts = (values: readonly string[]): string => JSON.stringify(values);

const members: Readonly<Record<Command, (random: Random) => Members>> = {
  'get-plugin-metadata': (random) => [
    ['name', text(random.sometimes(0.05, () => random.pick(['', 'Oracle', 'other']), name))],
    ['description', text(random.sometimes(0.03, () => '', 'd'))],
    ['version', text(random.sometimes(0.03, () => '', '1.0.0'))],
    ['url', text(random.sometimes(0.03, () => '', 'https://example.com'))],
    ['supportedContractVersions', texts(random.pick([['1.0'], ['1.0'], ['2.0', '1.0'], ['1'], []]))],
    ['capabilities', list(random, () => text(random.pick(capabilities)), 3)],
  ],
  'describe-key': (random) => [
    ['keyId', text(random.sometimes(0.05, () => random.pick(['', 'K', 'other']), 'k'))],
    ['keySpec', text(random.pick(['RSA-2048', 'RSA-3072', 'EC-256', 'EC-521', 'RSA-1024', 'ec-256', '']))],
  ],
  'generate-signature': (random) => [
    ['keyId', text(random.sometimes(0.05, () => random.pick(['', 'other']), 'k'))],
    ['signature', bytes(random)],
    ['signingAlgorithm', text('ECDSA-SHA-256')],
    ['certificateChain', list(random, () => bytes(random), 3)],
  ],
  'generate-envelope': (random) => [
    ['signatureEnvelope', bytes(random)],
    ['signatureEnvelopeType', text(random.sometimes(0.05, () => random.pick(['', 'application/jose+json']), cose))],
    ['annotations', map(random, () => random.sometimes(0.1, () => anyValue(random), '"v"'))],
  ],
  'verify-signature': (random) => [
    ['verificationResults', map(random, () => finding(random))],
    ['processedAttributes', list(random, () => random.sometimes(0.2, () => anyValue(random), '"k"'), 4)],
  ],
};

const cose = 'application/cose';

const capabilities = [
  'SIGNATURE_GENERATOR.RAW',
  'SIGNATURE_GENERATOR.ENVELOPE',
  'SIGNATURE_VERIFIER.TRUSTED_IDENTITY',
  'SIGNATURE_VERIFIER.REVOCATION_CHECK',
  '',
];

function errorMembers(random: Random): Members {
  return [
    ['errorCode', text(random.pick(['VALIDATION_ERROR', 'ACCESS_DENIED', 'ERROR', 'OWN', '']))],
    ['errorMessage', text(random.sometimes(0.1, () => '', 'no such key'))],
    ['errorMetadata', map(random, () => '"v"')],
  ];
}

function finding(random: Random): string {
  if (random.chance(0.1)) return anyValue(random);
  const found: Members = [
    ['success', random.pick(['true', 'true', 'false'])],
    ['reason', text(random.pick(['', 'because']))],
  ];
  return objectText(random.chance(0.2) ? mutateMembers(random, found) : found);
}

function bytes(random: Random): string {
  if (random.chance(0.1))
    return random.pick(['""', 'null', '[]', '[1,2,255]', '[1,null]', '"QU"', '"Q\\nUI="', '[256]']);
  return text(Buffer.from([random.below(256), random.below(256), random.below(256)]).toString('base64'));
}

function list(random: Random, item: () => string, most: number): string {
  return `[${random.times(random.below(most + 1), () => random.sometimes(0.05, () => 'null', item())).join(',')}]`;
}

function map(random: Random, value: () => string): string {
  return objectText(random.times(random.below(4), () => [random.pick(capabilities), value()] as const));
}

/** The text of a document whose members may stand twice, under folded names, and hold what they must not. */
function document(random: Random, good: Members): string {
  let mutant = good;
  if (random.chance(0.1)) {
    // a list or map again, over the first one
    const [again, value] = random.pick(good);
    mutant = [...good, [again, random.chance(0.3) ? 'null' : value]];
  }
  if (random.chance(0.3)) mutant = mutateMembers(random, mutant);
  if (random.chance(0.02)) return random.pick(['', 'null', '[]', '""', ' ', '{}', 'x']);
  const whole = objectText(mutant);
  return random.chance(0.06) ? mutateText(random, whole) : whole;
}
