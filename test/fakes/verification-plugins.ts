// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../shared/errors.ts';
import type { PluginMetadata } from '../../shared/plugin/metadata.ts';
import type { PluginVerdict, VerificationQuestion } from '../../shared/plugin/verify-protocol.ts';
import type { VerificationPlugins } from '../../shared/ports.ts';

/** A machine without plugins. */
export const noVerificationPlugins: VerificationPlugins = {
  locate: (name) => Promise.reject(new NotaryError('plugin-unavailable', `there is no plugin ${name} here`)),
};

/** What a verification plugin in this process does; what is left out is as it should be. */
export interface ScriptedVerifier {
  readonly metadata?: Partial<PluginMetadata> | NotaryError;
  readonly verdict?: (question: VerificationQuestion) => PluginVerdict | NotaryError;
}

/** One plugin that is there by whatever name it is asked for, and what it was asked. */
export class VerifierInProcess implements VerificationPlugins {
  readonly questions: VerificationQuestion[] = [];
  readonly located: string[] = [];
  readonly #script: ScriptedVerifier;

  constructor(script: ScriptedVerifier) {
    this.#script = script;
  }

  locate(name: string): ReturnType<VerificationPlugins['locate']> {
    this.located.push(name);
    const { metadata, verdict } = this.#script;
    const described = { name, description: 'd', version: '1.0.0', url: 'u', capabilities: [] };
    return Promise.resolve({
      metadata: () => settle(metadata instanceof NotaryError ? metadata : { ...described, ...metadata }),
      verifySignature: (question) => {
        this.questions.push(question);
        return settle(verdict?.(question) ?? { findings: new Map(), processedAttributes: [] });
      },
    });
  }
}

function settle<T>(result: T | NotaryError): Promise<T> {
  return result instanceof NotaryError ? Promise.reject(result) : Promise.resolve(result);
}
