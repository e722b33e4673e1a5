import SwiftASN1
package import X509

extension DistinguishedName {
    /// The name in the string representation of RFC 4514, such as `CN=ann,O=Acme`: the most specific part first.
    ///
    /// The text is printable: control characters are escaped too, so that it can be the value of a field.
    package var text: String {
        self.reversed().map { part in part.map(\.text).joined(separator: "+") }.joined(separator: ",")
    }
}

extension RelativeDistinguishedName.Attribute {
    fileprivate var text: String {
        // RFC 4514 section 2.4: a value of an unnamed type is written as the bytes of its encoding.
        guard let name = DistinguishedNameText.names[String(describing: self.type)],
            let value = DistinguishedNameText.string(self.value)
        else {
            let type = String(describing: self.type)
            return "\(DistinguishedNameText.names[type] ?? type)=\(DistinguishedNameText.encoding(self.value))"
        }
        return "\(name)=\(DistinguishedNameText.escaped(value))"
    }
}

/// The string representation of the values in distinguished names (RFC 4514 section 2.4).
enum DistinguishedNameText {
    /// The registered short names of attribute types, by object identifier.
    static let names: [String: String] = [
        "2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
        "2.5.4.9": "STREET", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.42": "givenName",
        "2.5.4.43": "initials", "2.5.4.44": "generationQualifier", "2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym",
        "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
        "1.2.840.113549.1.9.1": "emailAddress",
    ]

    /// Returns the value as text, or nil if its type is not a string.
    static func string(_ value: RelativeDistinguishedName.Attribute.Value) -> String? {
        if let text = String(value) { return text }
        let any = ASN1Any(value)
        // Strings of the older types. Teletex strings are read as Latin-1, as other TLS servers do.
        if let teletex = try? ASN1TeletexString(asn1Any: any) {
            return teletex.bytes.reduce(into: "") { $0.unicodeScalars.append(Unicode.Scalar($1)) }
        }
        if let wide = try? ASN1BMPString(asn1Any: any) {
            let bytes = Array(wide.bytes)
            let units = stride(from: 0, to: bytes.count - 1, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }
            return String(decoding: units, as: UTF16.self)
        }
        return nil
    }

    static func encoding(_ value: RelativeDistinguishedName.Attribute.Value) -> String {
        var serializer = DER.Serializer()
        try? serializer.serialize(ASN1Any(value))
        return serializer.serializedBytes.reduce(into: "#") { text, byte in text += self.hexadecimal(byte) }
    }

    static func escaped(_ value: String) -> String {
        let count = value.unicodeScalars.count
        var text = ""
        for (index, scalar) in value.unicodeScalars.enumerated() {
            switch scalar {
            case "\"", "+", ",", ";", "<", ">", "\\": text += "\\\(scalar)"
            case " " where index == 0 || index == count - 1: text += "\\ "
            case "#" where index == 0: text += "\\#"
            case _ where scalar.properties.generalCategory == .control:
                for byte in UTF8.encode(scalar).map(Array.init) ?? [] { text += "\\" + self.hexadecimal(byte) }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "0" + digits : digits
    }
}
