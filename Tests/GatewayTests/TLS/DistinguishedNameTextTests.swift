import GatewayTLS
import SwiftASN1
import Testing
import X509

struct DistinguishedNameTextTests {
    private typealias Attribute = RelativeDistinguishedName.Attribute

    private static func common(_ name: String) throws -> DistinguishedName {
        try DistinguishedName([Attribute(type: .RDNAttributeType.commonName, utf8String: name)])
    }

    @Test func `the most specific part comes first`() throws {
        let name = try DistinguishedName {
            OrganizationName("Acme")
            CommonName("ann")
        }
        #expect(name.text == "CN=ann,O=Acme")
        #expect(DistinguishedName().text == "")
    }

    /// The examples of RFC 4514 section 4.
    @Test func `RFC 4514 section 4: the examples`() throws {
        let domain = ["example", "net"].reversed().map {
            RelativeDistinguishedName(Attribute(type: .RDNAttributeType.domainComponent, utf8String: $0))
        }
        let user = RelativeDistinguishedName(
            Attribute(type: [0, 9, 2342, 19_200_300, 100, 1, 1], utf8String: "jsmith")
        )
        #expect(DistinguishedName(domain + [user]).text == "UID=jsmith,DC=example,DC=net")
        let joined = RelativeDistinguishedName([
            Attribute(type: .RDNAttributeType.organizationalUnitName, utf8String: "Sales"),
            Attribute(type: .RDNAttributeType.commonName, utf8String: "J.  Smith"),
        ])
        let text = DistinguishedName(domain + [joined]).text
        // The parts of a set have no order.
        #expect(["OU=Sales+CN=J.  Smith,DC=example,DC=net", "CN=J.  Smith+OU=Sales,DC=example,DC=net"].contains(text))
        #expect(try Self.common(#"James "Jim" Smith, III"#).text == #"CN=James \"Jim\" Smith\, III"#)
        #expect(try Self.common("Before\rAfter").text == #"CN=Before\0DAfter"#)
        #expect(try Self.common("Lu\u{10D}i\u{107}").text == "CN=Lu\u{10D}i\u{107}")
        let unknown = Attribute(
            type: [1, 3, 6, 1, 4, 1, 1466, 0],
            value: try ASN1Any(erasing: ASN1OctetString(contentBytes: [0x48, 0x69]))
        )
        #expect(try DistinguishedName([unknown]).text == "1.3.6.1.4.1.1466.0=#04024869")
    }

    @Test(arguments: [
        (" a ", #"\ a\ "#), (" ", #"\ "#), ("#a#", "\\#a#"), ("a+b;c<d>e=f", #"a\+b\;c\<d\>e=f"#), (#"a\b"#, #"a\\b"#),
        ("a\0b\u{7F}\u{85}", #"a\00b\7F\C2\85"#), ("", ""), ("a\r\nX-Admin: 1", #"a\0D\0AX-Admin: 1"#),
    ])
    func `RFC 4514 section 2.4: special characters are escaped`(value: String, text: String) throws {
        #expect(try Self.common(value).text == "CN=" + text)
    }

    @Test func `values in older string types are read, and others are shown encoded`() throws {
        let teletex = Attribute(
            type: .RDNAttributeType.commonName,
            value: try ASN1Any(erasing: ASN1TeletexString(contentBytes: [0x41, 0xE9]))
        )
        #expect(try DistinguishedName([teletex]).text == "CN=A\u{E9}")
        let wide = Attribute(
            type: .RDNAttributeType.commonName,
            value: try ASN1Any(erasing: ASN1BMPString(contentBytes: [0x01, 0x0D, 0x00, 0x61]))
        )
        #expect(try DistinguishedName([wide]).text == "CN=\u{10D}a")
        let number = Attribute(type: .RDNAttributeType.commonName, value: try ASN1Any(erasing: 5))
        #expect(try DistinguishedName([number]).text == "CN=#020105")
    }
}
