import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Where a request is to go. */
export interface ProxyTarget {
  /** A name in lower case, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

type Rule = (target: ProxyTarget) => boolean;

/**
 * Reads a `NO_PROXY` list as Go's httpproxy does: items divided by commas (or spaces, as curl has it), each one of
 * - `*`: every target;
 * - `10.0.0.0/8`, `fd00::/8`: the addresses of a network. Names are not resolved to find out;
 * - `10.1.2.3`, `::1`, `[::1]:443`: one address, and with a port only that port;
 * - `example.com`, `example.com:443`: the host and everything below it;
 * - `.example.com`, `*.example.com`: only what is below it.
 *
 * An item that is none of these matches nothing.
 */
export function readNoProxy(list: string): Rule {
  const rules = list
    .toLowerCase()
    .split(/[\s,]+/)
    .flatMap((item) => readItem(item) ?? []);
  return (target) => rules.some((rule) => rule(target));
}

function readItem(item: string): Rule | undefined {
  if (item === '') return undefined;
  if (item === '*') return () => true;
  if (item.includes('/')) return readNetwork(item);
  const { host, port } = splitPort(item);
  const onPort = (target: ProxyTarget): boolean => port === undefined || port === target.port;
  if (isIP(host) !== 0) {
    const address = addressRule((list, family) => list.addAddress(host, family), host);
    return (target) => onPort(target) && address(target);
  }
  const domain = readDomain(host);
  return domain && ((target) => onPort(target) && domain(target));
}

function readNetwork(item: string): Rule | undefined {
  const [, network = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(item) ?? [];
  const length = Number(bits);
  const longest = { 0: -1, 4: 32, 6: 128 }[isIP(network)] ?? -1;
  if (bits === '' || length > longest) return undefined;
  return addressRule((list, family) => list.addSubnet(network, length, family), network);
}

/** `BlockList` also knows an IPv4 address in its IPv6 form, `::ffff:10.1.2.3`. */
function addressRule(add: (list: BlockList, family: 'ipv4' | 'ipv6') => void, example: string): Rule {
  const list = new BlockList();
  add(list, family(example));
  return ({ host }) => isIP(host) !== 0 && list.check(host, family(host));
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function readDomain(text: string): Rule | undefined {
  const wildcard = text.startsWith('*.') ? text.slice(1) : text;
  const onlyBelow = wildcard.startsWith('.');
  const name = domainToASCII(wildcard.replace(/^\./, '').replace(/\.$/, ''));
  if (name === '') return undefined;
  return ({ host }) => host.endsWith(`.${name}`) || (!onlyBelow && host === name);
}

/** `host:443`, `[::1]:443`, `[::1]`, `::1`, `host`. */
function splitPort(item: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(item) ?? [];
  const host = bracketed ?? plain ?? item;
  return { host, port: port === undefined ? undefined : Number(port) };
}
