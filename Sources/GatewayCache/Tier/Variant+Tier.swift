extension Variant {
    /// The values that select, in the form in which the second tier compares them.
    package var tierBytes: [UInt8] {
        var bytes: [UInt8] = []
        for value in self.values {
            // The length keeps two values from being taken for one.
            withUnsafeBytes(of: UInt32(clamping: value.count).bigEndian) { bytes += $0 }
            bytes += value
        }
        return bytes
    }
}
