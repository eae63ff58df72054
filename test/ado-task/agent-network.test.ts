// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { proxyVariables, trustAgentAuthorities } from '../../ado-task/agent-network.ts';

const proxyUrl = 'http://proxy.example:8080';

describe('proxyVariables', () => {
  it('[ADO-94] gives the proxy of the agent with its login, and the hosts that it leaves out', () => {
    const proxy = { proxyUrl, proxyUsername: 'us er', proxyPassword: 'p@ss:/', proxyBypassHosts: ['github\\.com'] };
    expect(proxyVariables(proxy, { no_proxy: 'own.example' })).toEqual({
      variables: {
        http_proxy: 'http://us%20er:p%40ss%3A%2F@proxy.example:8080/',
        https_proxy: 'http://us%20er:p%40ss%3A%2F@proxy.example:8080/',
        no_proxy: 'own.example,github.com',
      },
      unread: [],
    });
  });

  it.each([
    ['github\\.com', 'github.com'],
    ['.*\\.corp\\.example', '.corp.example'],
    ['^https?://registry\\.example', 'registry.example'],
    ['registry.example.*$', 'registry.example'],
    ['localhost', 'localhost'],
  ])('[ADO-94] reads the rule %s as a host', (rule, host) => {
    const { variables, unread } = proxyVariables({ proxyUrl, proxyBypassHosts: [rule] }, {});
    expect(variables['no_proxy']).toBe(`,${host}`);
    expect(unread).toEqual([]);
  });

  it.each(['(a|b)\\.example', '[a-z]+', '', '.*', '\\d+'])('[ADO-94] tells that %j is more than a host', (rule) => {
    const { variables, unread } = proxyVariables({ proxyUrl, proxyBypassHosts: [rule] }, {});
    expect(variables['no_proxy']).toBe('');
    expect(unread).toEqual([rule]);
  });

  it('[ADO-94] lets variables of the job go before it, and does without when there is none', () => {
    expect(proxyVariables({ proxyUrl }, { HTTPS_PROXY: 'http://other:1' }).variables).toEqual({});
    expect(proxyVariables(null, {}).variables).toEqual({});
    expect(proxyVariables({ proxyUrl: 'not an address' }, {}).variables).toEqual({});
  });
});

describe('trustAgentAuthorities', () => {
  it('[ADO-94] tells what is wrong with the file of the agent', () => {
    expect(trustAgentAuthorities('')).toBeUndefined();
    expect(trustAgentAuthorities('/no/such/file.pem')).toContain('Agent.CAInfo');
  });
});
