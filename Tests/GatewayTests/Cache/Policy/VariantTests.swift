import Testing

@testable import GatewayCache
@testable import GatewayHTTP

/// Which requests a stored response is for (RFC 9111 section 4.1).
struct VariantTests {
    @Test(
        arguments: [
            ("Foo", "Foo: 1", "Foo: 1", true), ("Foo", "Foo: 1", "foo: 1", true), ("Foo", "Foo: 1", "Foo: 2", false),
            ("Foo", "", "", true), ("Foo", "", "Foo:", false), ("Foo", "Foo: 1, 2", "Foo: 1|Foo: 2", true),
            ("Foo", "Foo: 1 ,2", "Foo: 1,, 2,", true), ("Foo", "Foo: 1,2", "Foo: 2,1", false),
            ("Foo", "Foo: a", "Foo: A", false), ("Foo", "Foo: a b", "Foo: ab", false),
            ("Foo", "Foo: \"a , b\"", "Foo: \"a, b\"", false),
            ("Foo", "Foo: \"a\\\", b\" , c", "Foo: \"a\\\", b\",c", true),
            ("Foo", "Foo: 1", "Foo: 1, 2", false), ("Foo", "Foo: 1, 2", "Foo: 1", false),
            ("Foo, Bar", "Foo: 1|Bar: 2", "Bar: 2|Foo: 1", true), ("Foo, Bar", "Foo: 1", "Bar: 1", false),
            ("Accept-Encoding", "Accept-Encoding: gzip, br", "Accept-Encoding: br;q=0.5|Accept-Encoding: GZIP", true),
            ("Accept-Encoding", "Accept-Encoding: gzip, br", "Accept-Encoding: gzip, br;q=0", false),
            ("Accept-Encoding", "Accept-Encoding: gzip", "Accept-Encoding: x-gzip, br;q=0.0", true),
            ("Accept-Encoding", "Accept-Encoding: *", "Accept-Encoding: *, gzip;q=0", false),
            ("Accept-Encoding", "Accept-Encoding: gzip", "Accept-Encoding: gzip, identity;q=0", false),
            ("Accept-Encoding", "Accept-Encoding: gzip, foo", "Accept-Encoding: Foo, gzip, foo", true),
            ("Accept-Encoding", "Accept-Encoding: gzip, foo", "Accept-Encoding: gzip, bar", false),
            ("Accept-Encoding", "", "Accept-Encoding:", false),
            ("Accept-Language", "Accept-Language: EN, de", "Accept-Language: en,DE", true),
            ("Accept-Language", "Accept-Language: en, de", "Accept-Language: de, en", false),
        ]
    )
    func `a request selects what was stored for an equal one`(
        _ vary: String,
        _ first: String,
        _ second: String,
        _ isEqual: Bool
    ) {
        let names = Variant.names(in: Heads.fields("Vary: " + vary))
        let variant = Variant(names, of: Heads.fields(first))
        let selectsFirst = variant.selects(Heads.fields(first))
        let selectsSecond = variant.selects(Heads.fields(second))
        let other = Variant(names, of: Heads.fields(second))
        #expect(selectsFirst)
        #expect(selectsSecond == isEqual)
        #expect((variant == other) == isEqual)
    }

    @Test func `hostile values neither crash nor match others`() {
        var random: UInt64 = 0x2545_F491_4F6C_DD1D
        let bytes = Array("\"\\, ;=q01*gzip!".utf8)
        let names = [HeaderName("Foo"), HeaderName(.acceptEncoding), HeaderName("Accept-Language")]
        for _ in 0..<2000 {
            var block = HeaderBlock()
            for name in names {
                var value: [UInt8] = []
                for _ in 0..<8 {
                    random ^= random << 13
                    random ^= random >> 7
                    random ^= random << 17
                    value.append(bytes[Int(random % UInt64(bytes.count))])
                }
                block.add(name, value)
                var control = CacheControl()
                value.withUnsafeBytes { control.add($0) }
                _ = CacheControl.targeted(value)
            }
            let variant = Variant(names, of: block)
            let selectsSame = variant.selects(block)
            let selectsNone = variant.selects(HeaderBlock())
            #expect(selectsSame)
            #expect(!selectsNone)
        }
    }
}
