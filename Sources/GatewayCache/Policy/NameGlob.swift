/// A name of parameters or cookies, in which one `*` stands for any characters: `utm_*`.
package struct NameGlob: Hashable, Sendable {
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let isExact: Bool

    package init(_ text: String) {
        let bytes = Array(text.utf8)
        let star = bytes.firstIndex(of: UInt8(ascii: "*"))
        self.prefix = Array(bytes[..<(star ?? bytes.endIndex)])
        self.suffix = star.map { Array(bytes[($0 + 1)...]) } ?? []
        self.isExact = star == nil
    }

    package func matches(_ name: some RandomAccessCollection<UInt8>) -> Bool {
        if self.isExact { return name.elementsEqual(self.prefix) }
        return name.count >= self.prefix.count + self.suffix.count && name.starts(with: self.prefix)
            && name.suffix(self.suffix.count).elementsEqual(self.suffix)
    }
}
