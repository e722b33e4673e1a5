extension Int {
    /// Parses ASCII digits only. `Int.init(_:)` would also accept a sign.
    package init?(digits text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self.init(text)
    }

    /// Parses ASCII digits only. A number that is too large becomes the largest integer.
    package init?(clampingDigits text: some StringProtocol) {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        self = Int(text) ?? .max
    }
}
