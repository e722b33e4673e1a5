/// Finds the name that was probably meant.
package enum NearestName {
    /// Returns the candidate with the fewest edits, or nil if none is close enough.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        // The cost is quadratic, so skip names that are longer than any key.
        guard !name.isEmpty, name.utf8.count <= 64 else { return nil }
        let written = Array(name.lowercased().utf8)
        var best: (name: String, distance: Int)?
        for candidate in candidates.sorted() {
            let distance = distance(written, Array(candidate.lowercased().utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        // Treat a prefix as a match: `warn`, `warning`.
        if name.utf8.count >= 3, let longer = candidates.sorted().first(where: { $0.hasPrefix(name.lowercased()) }) {
            return longer
        }
        guard let best, best.distance <= max(1, max(name.utf8.count, best.name.utf8.count) / 3) else { return nil }
        return best.name
    }

    /// Returns the number of insertions, deletions, substitutions and transpositions (optimal string alignment
    /// distance).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforePrevious = [Int](repeating: 0, count: b.count + 1)
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var current = [i + 1]
            for j in 0..<b.count {
                var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
                current.append(cost)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
