// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { type PluginConfig, type PluginMetadata, encodeMetadataRequest, parseMetadata } from '../plugin/metadata.ts';
import type { PluginCommand } from '../plugin/response.ts';
import {
  type EnvelopeQuestion,
  type GeneratedEnvelope,
  type GeneratedSignature,
  type PluginKey,
  encodeDescribeKeyRequest,
  encodeGenerateEnvelopeRequest,
  encodeGenerateSignatureRequest,
  parseDescribeKeyResponse,
  parseGenerateEnvelopeResponse,
  parseGenerateSignatureResponse,
} from '../plugin/signing-protocol.ts';
import {
  type PluginVerdict,
  type VerificationQuestion,
  encodeVerifyRequest,
  parseVerifyResponse,
} from '../plugin/verify-protocol.ts';
import type { KeySpec } from '../x509/certificate.ts';
import { type PluginProcessOptions, type PluginProgram, runPlugin } from './plugin-process.ts';

/** The commands of a plugin; each starts it once. All throw `plugin-failed`. */
export interface Plugin {
  readonly name: string;
  getMetadata(config: PluginConfig): Promise<PluginMetadata>;
  describeKey(key: PluginKey): Promise<KeySpec>;
  generateSignature(key: PluginKey, keySpec: KeySpec, toBeSigned: Uint8Array): Promise<GeneratedSignature>;
  generateEnvelope(key: PluginKey, question: EnvelopeQuestion): Promise<GeneratedEnvelope>;
  verifySignature(question: VerificationQuestion, config: PluginConfig): Promise<PluginVerdict>;
}

export function openPlugin(program: PluginProgram, options: PluginProcessOptions): Plugin {
  const { name, path } = program;
  const run = (command: PluginCommand, request: Uint8Array): Promise<Uint8Array> =>
    runPlugin(program, command, request, options);
  return {
    name,
    getMetadata: async (config) =>
      parseMetadata(await run('get-plugin-metadata', encodeMetadataRequest(config)), name, basename(path)),
    describeKey: async (key) =>
      parseDescribeKeyResponse(await run('describe-key', encodeDescribeKeyRequest(key)), name, key.keyId),
    generateSignature: async (key, keySpec, toBeSigned) => {
      const request = encodeGenerateSignatureRequest(key, keySpec, toBeSigned);
      return parseGenerateSignatureResponse(await run('generate-signature', request), name, key.keyId);
    },
    generateEnvelope: async (key, question) => {
      const request = encodeGenerateEnvelopeRequest(key, question);
      return parseGenerateEnvelopeResponse(await run('generate-envelope', request), name, question.envelopeMediaType);
    },
    verifySignature: async (question, config) =>
      parseVerifyResponse(await run('verify-signature', encodeVerifyRequest(question, config)), name),
  };
}
