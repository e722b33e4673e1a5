import GatewayCache
import Testing

/// RFC 9110 section 14, for a body of 1000 bytes unless a case says otherwise.
@Suite struct ByteRangeSetTests {
    private static func set(_ value: String, length: Int = 1000) -> ByteRangeSet {
        Array(value.utf8).withUnsafeBytes { ByteRangeSet($0, length: length) }
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=0-499", 0..<500), ("bytes=500-", 500..<1000), ("bytes=-500", 500..<1000),
        ("bytes=-1", 999..<1000), ("bytes=-1000", 0..<1000), ("bytes=-5000", 0..<1000), ("bytes=990-5000", 990..<1000),
        ("Bytes=1-2", 1..<3), ("bytes= 1-2 ", 1..<3), ("bytes=,1-2,,", 1..<3), ("bytes=00001-00002", 1..<3),
        ("bytes=0-99999999999999999999999", 0..<1000), ("bytes=-99999999999999999999999", 0..<1000),
        ("bytes=5000-6000,1-2", 1..<3), ("bytes=-0,1-2", 1..<3),
    ])
    func `one part`(_ value: String, _ part: Range<Int>) {
        #expect(Self.set(value) == .one(part))
    }

    @Test(arguments: [
        ("bytes=0-0,-1", [0..<1, 999..<1000]), ("bytes=500-600 ,\t0-9", [500..<601, 0..<10]),
        ("bytes=0-0,5000-,2-2", [0..<1, 2..<3]),
        ("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18", (0..<10).map { $0 * 2..<($0 * 2 + 1) }),
    ])
    func `several parts`(_ value: String, _ parts: [Range<Int>]) {
        #expect(Self.set(value) == .several(parts))
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=,", "items=0-1", "bytes 0-1", "bytes=a-b", "bytes=1", "bytes=-", "bytes=5-4",
        "bytes=0-1,5-4", "bytes=1 - 2", "bytes=1-2;3-4", "bytes=0x1-2", "bytes=--1", "bytes=1-2-3", "bytes=+1-2",
        "bytes=0-9,5-14", "bytes=0-,-1", "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20",
    ])
    func `the whole body`(_ value: String) {
        #expect(Self.set(value) == .whole)
    }

    @Test(arguments: ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"])
    func `nothing of the body`(_ value: String) {
        #expect(Self.set(value) == .unsatisfiable)
    }

    @Test func `an empty body has no parts`() {
        #expect(Self.set("bytes=0-", length: 0) == .unsatisfiable)
        #expect(Self.set("bytes=-1", length: 0) == .unsatisfiable)
    }
}
