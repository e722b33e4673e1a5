import GatewayHTTP
import Testing

@Suite struct AddressPolicyTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255", "::", "::1", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:4136:e378::1",
        "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1",
        "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "4000::1",
    ])
    func `addresses of one machine or network are not public`(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!AddressPolicy.publicOnly.allows(address))
        #expect(AddressPolicy.all.allows(address))
        #expect(AddressPolicy.publicOnly.judge(host: text) == .refused)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0",
        "169.253.0.1", "169.255.0.1", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.0.1", "192.169.0.1",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "2a00::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1", "2001:db7::1", "3ffe::1",
    ])
    func `other addresses are`(_ text: String) throws {
        #expect(AddressPolicy.publicOnly.allows(try #require(IPAddress(text))))
        #expect(AddressPolicy.publicOnly.judge(host: text) == .allowed)
    }

    @Test(arguments: [
        "127.1", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "0x7f.0x0.0x0.0x1", "1.2.3.0x",
        "127.1.",
        "0177.0.0.1", "127.0.0.1.5", "evil.example.1",
    ])
    func `an address in decimal, octal or hexadecimal form is refused, whatever it is`(_ host: String) {
        #expect(AddressPolicy.publicOnly.judge(host: host) == .unusualAddress)
        #expect(AddressPolicy.all.judge(host: host) == .unusualAddress)
    }

    @Test(arguments: ["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost."])
    func `localhost is not public`(_ host: String) {
        #expect(AddressPolicy.publicOnly.judge(host: host) == .localhost)
        #expect(AddressPolicy.all.judge(host: host) == .allowed)
    }

    @Test(arguments: [
        "hooks.example", "hooks.example.", "xn--bcher-kva.example", "localhost.example", "a-0x7f", "1e100.net",
    ])
    func `a name is judged by its addresses`(_ host: String) {
        #expect(AddressPolicy.publicOnly.judge(host: host) == .allowed)
    }

    @Test(arguments: ["127.0.0.1.", "127.0.0.1"])
    func `a dot at the end does not hide an address`(_ host: String) {
        #expect(AddressPolicy.publicOnly.judge(host: host) == .refused)
    }
}
