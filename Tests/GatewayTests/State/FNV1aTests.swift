import Testing

@testable import Gateway
@testable import GatewayCore

struct FNV1aTests {
    /// From the reference implementation.
    @Test(arguments: [
        ("", 0x811C_9DC5 as UInt32, 0xCBF2_9CE4_8422_2325 as UInt64), ("a", 0xE40C_292C, 0xAF63_DC4C_8601_EC8C),
        ("foobar", 0xBF9C_F968, 0x8594_4171_F739_67E8),
    ])
    func `hashes equal the reference`(text: String, hash32: UInt32, hash64: UInt64) {
        #expect(text.utf8.reduce(FNV1a.seed32) { FNV1a.combine($0, $1) } == hash32)
        #expect(text.utf8.reduce(FNV1a.seed64) { FNV1a.combine($0, $1) } == hash64)
    }
}
