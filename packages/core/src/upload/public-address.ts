/** Which addresses are on the public internet: the guard against making this server read its own network (SSRF). */
import { BlockList, isIP } from 'node:net';

/** IANA IPv4 Special-Purpose Address Registry (RFC 6890 and later), multicast and the reserved rest. */
const NOT_PUBLIC_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // "this network", RFC 791; on Linux 0.0.0.0 reaches this host
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // shared by carrier-grade NAT, RFC 6598; some clouds' metadata services
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, RFC 3927; 169.254.169.254 is most clouds' metadata service
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments, RFC 6890
  ['192.0.2.0', 24], // documentation, RFC 5737
  ['192.88.99.0', 24], // 6to4 relays, deprecated by RFC 7526
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarking, RFC 2544
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and limited broadcast
];

/**
 * Only 2000::/3 is assigned to global unicast (RFC 4291 section 2.4), so everything else is refused by not being in it:
 * loopback, unique local fc00::/7, link-local fe80::/10, multicast, IPv4-mapped and -compatible ::/96, NAT64 64:ff9b::/96
 * and 64:ff9b:1::/48. These are the exceptions inside it.
 */
const NOT_PUBLIC_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // protocol assignments, RFC 2928: Teredo 2001::/32 (holds an IPv4 address), benchmarking, ORCHID
  ['2001:db8::', 32], // documentation, RFC 3849
  ['2002::', 16], // 6to4, holds an IPv4 address, RFC 3056
  ['3fff::', 20], // documentation, RFC 9637
];

const refusedV4 = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_V4) refusedV4.addSubnet(network, prefix, 'ipv4');
const refusedV6 = new BlockList();
for (const [network, prefix] of NOT_PUBLIC_V6) refusedV6.addSubnet(network, prefix, 'ipv6');
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');

/** Whether an IP address, as text without brackets, is one of the public internet. False for anything else. */
export function isPublicAddress(address: string): boolean {
  // A zone (fe80::1%eth0) is only ever given to an address that is not global.
  if (address.includes('%')) return false;
  switch (isIP(address)) {
    case 4:
      return !refusedV4.check(address, 'ipv4');
    case 6:
      return globalV6.check(address, 'ipv6') && !refusedV6.check(address, 'ipv6');
    default:
      return false;
  }
}
