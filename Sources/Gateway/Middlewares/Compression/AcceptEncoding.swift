import GatewayHTTP
import GatewayHTTP1

/// Which content codings a client takes, by weight (RFC 9110 section 12.5.3). Weights are thousandths.
struct AcceptEncoding: Hashable, Sendable {
    private static let unset: Int16 = -1

    private var gzip = Self.unset
    private var deflate = Self.unset
    private var brotli = Self.unset
    private var identity = Self.unset
    /// Of `*`, which stands for whatever the list does not name.
    private var others = Self.unset

    /// One who sends no `Accept-Encoding`; RFC 9110 lets it have any coding, which many such clients cannot read.
    init() {}

    init(_ headers: borrowing HeaderBlock) {
        var list = AcceptEncoding()
        headers.forEachMember(of: .acceptEncoding) { list.add($0) }
        self = list
    }

    /// Takes one member of the list, without white space around it. What is malformed or unknown counts as not said;
    /// of two weights of a coding the lower one holds.
    mutating func add(_ member: UnsafeRawBufferPointer) {
        let nameEnd = member.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? member.count
        let name = UnsafeRawBufferPointer(rebasing: member[..<nameEnd])
        guard let weight = Self.weight(UnsafeRawBufferPointer(rebasing: member[nameEnd...])) else { return }
        // Section 8.4.1.3: x-gzip means gzip.
        if Self.equal(name, "gzip") || Self.equal(name, "x-gzip") {
            Self.lower(&self.gzip, to: weight)
        } else if Self.equal(name, "br") {
            Self.lower(&self.brotli, to: weight)
        } else if Self.equal(name, "deflate") {
            Self.lower(&self.deflate, to: weight)
        } else if Self.equal(name, "identity") {
            Self.lower(&self.identity, to: weight)
        } else if Self.equal(name, "*") {
            Self.lower(&self.others, to: weight)
        }
    }

    /// The coding of the highest weight, of equals the one that comes first; nil where plain is wanted more, or is all
    /// that is left.
    func best(of codings: ContiguousArray<ContentCoding>) -> ContentCoding? {
        var best: ContentCoding?
        var highest: Int16 = 0
        for coding in codings {
            let weight = self.weight(of: coding)
            if weight > highest {
                best = coding
                highest = weight
            }
        }
        // Plain is always acceptable when nothing is said of it, but then it is wanted least.
        let plain = self.identity == Self.unset ? self.others : self.identity
        return plain > highest ? nil : best
    }

    private func weight(of coding: ContentCoding) -> Int16 {
        let weight =
            switch coding {
            case .gzip: self.gzip
            case .deflate: self.deflate
            case .brotli: self.brotli
            }
        return weight == Self.unset ? self.others : weight
    }

    private static func lower(_ weight: inout Int16, to other: Int16) {
        weight = weight == self.unset ? other : min(weight, other)
    }

    private static func equal(_ name: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
        ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer(word))
    }

    /// `[ OWS ";" OWS "q=" qvalue ]` of RFC 9110 section 12.4.2; nil for anything else.
    private static func weight(_ bytes: UnsafeRawBufferPointer) -> Int16? {
        var position = 0
        func skipSpace() {
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
        }
        skipSpace()
        if position == bytes.count { return 1000 }
        guard bytes[position] == UInt8(ascii: ";") else { return nil }
        position += 1
        skipSpace()
        guard position + 3 <= bytes.count, bytes[position] | 0x20 == UInt8(ascii: "q"),
            bytes[position + 1] == UInt8(ascii: "=")
        else { return nil }
        let whole = bytes[position + 2]
        guard whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else { return nil }
        var weight = Int16(whole & 0x0F) * 1000
        position += 3
        if position < bytes.count {
            guard bytes[position] == UInt8(ascii: "."), bytes.count - position <= 4 else { return nil }
            position += 1
            var unit: Int16 = 100
            while position < bytes.count {
                guard bytes[position] &- UInt8(ascii: "0") < 10 else { return nil }
                weight += Int16(bytes[position] & 0x0F) * unit
                unit /= 10
                position += 1
            }
        }
        return weight <= 1000 ? weight : nil
    }
}
