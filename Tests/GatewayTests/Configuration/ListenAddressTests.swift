import Testing

@testable import Gateway
@testable import GatewaySettings

struct ListenAddressTests {
    @Test(arguments: [
        ("[::]:80", ["[::]:80"], false), ("[::]:80", ["[::]:80", "0.0.0.0:80"], true),
        ("[::0]:80", ["127.0.0.1:80", "[::0]:80"], true), ("[::]:80", ["[::]:80", "localhost:80"], true),
        ("[::]:80", ["[::]:80", "0.0.0.0:81"], false), ("[::]:80", ["[::]:80", "[::1]:80"], false),
        ("[::1]:80", ["[::1]:80", "127.0.0.1:80"], false), ("0.0.0.0:80", ["[::]:80", "0.0.0.0:80"], false),
        ("[::]:0", ["[::]:0", "0.0.0.0:0"], false), ("[::]:80", ["[::]:80", "unix:/a"], false),
    ])
    func `the IPv6 wildcard leaves IPv4 to an address with the same port`(
        _ text: String,
        _ others: [String],
        _ leavesIPv4: Bool
    ) {
        #expect(ListenAddress(text)?.leavesIPv4(to: others.compactMap { ListenAddress($0) }) == leavesIPv4)
    }
}
