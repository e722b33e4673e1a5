/// Parses a page as strictly as OpenMetrics 1.0 requires, and collects violations in `complaints`.
struct OpenMetricsPage {
    struct Sample {
        var name: String
        var labels: [(name: String, value: String)]
        var value: String
        var exemplar: String?
    }

    private(set) var complaints: [String] = []
    private(set) var samples: [Sample] = []
    private var finished: Set<String> = []
    private var family = ""
    private var type = ""
    private var unit = ""
    private var metadata: Set<String> = []
    private var familySamples: [Sample] = []
    private var seen: Set<String> = []

    init(_ page: String) {
        guard page.hasSuffix("\n# EOF\n") || page == "# EOF\n" else {
            complaints = ["does not end with # EOF and one line feed"]
            return
        }
        for line in page.dropLast("# EOF\n".count).split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# ") { readMetadata(line) } else { readSample(line) }
        }
        endFamily()
    }

    private mutating func complain(_ text: String) { complaints.append("\(family): \(text)") }

    // MARK: Families

    private mutating func readMetadata(_ line: Substring) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard words.count == 4, ["HELP", "TYPE", "UNIT"].contains(words[1]) else {
            return complain("unexpected line: \(line)")
        }
        if words[2] != family {
            endFamily()
            family = words[2]
            if !finished.insert(family).inserted { complain("duplicate family") }
        }
        if !familySamples.isEmpty { complain("\(words[1]) comes after samples") }
        if !metadata.insert(words[1]).inserted { complain("has more than one \(words[1])") }
        switch words[1] {
        case "TYPE":
            type = words[3]
            if !["counter", "gauge", "histogram", "unknown"].contains(type) { complain("has the type \(type)") }
        case "UNIT":
            unit = words[3]
            if !family.hasSuffix("_\(unit)") { complain("does not end in its unit") }
        default:
            if !Self.isEscaped(words[3]) { complain("has unescaped help") }
        }
    }

    private mutating func endFamily() {
        if !family.isEmpty {
            if familySamples.isEmpty { complain("has no samples") }
            if metadata.contains("TYPE") == false { complain("has no type") }
            if type == "histogram" { checkHistogram() }
        }
        (family, type, unit, metadata, familySamples) = ("", "", "", [], [])
    }

    // MARK: Samples

    private mutating func readSample(_ line: Substring) {
        guard let end = line.firstIndex(where: { $0 == "{" || $0 == " " }) else {
            return complain("not a sample: \(line)")
        }
        var sample = Sample(name: String(line[..<end]), labels: [], value: "")
        var rest = line[end...]
        if rest.first == "{" {
            guard let labels = Self.readLabels(&rest) else { return complain("bad labels: \(line)") }
            sample.labels = labels
        }
        guard rest.first == " " else { return complain("no space before the value: \(line)") }
        rest = rest.dropFirst()
        if let mark = rest.firstRange(of: " # ") {
            sample.exemplar = String(rest[mark.upperBound...])
            rest = rest[..<mark.lowerBound]
        }
        sample.value = String(rest)
        check(sample, line)
        familySamples.append(sample)
        samples.append(sample)
    }

    private mutating func check(_ sample: Sample, _ line: Substring) {
        let suffix = sample.name.hasPrefix(family) ? String(sample.name.dropFirst(family.count)) : "?"
        let suffixes =
            switch type {
            case "counter": ["_total"]
            case "histogram": ["_bucket", "_sum", "_count"]
            default: [""]
            }
        if !suffixes.contains(suffix) { complain("\(sample.name) is not a sample of a \(type)") }
        if Set(sample.labels.map(\.name)).count != sample.labels.count { complain("duplicate label: \(line)") }
        let key = sample.name + sample.labels.map { "\($0)=\($1)" }.sorted().joined(separator: ",")
        if !seen.insert(key).inserted { complain("duplicate sample: \(line)") }
        guard let value = Self.number(sample.value) else { return complain("not a number: \(line)") }
        if type == "counter" || type == "histogram", !(value >= 0) { complain("below 0: \(line)") }
        if let exemplar = sample.exemplar { check(exemplar, of: sample, line) }
    }

    private mutating func check(_ exemplar: String, of sample: Sample, _ line: Substring) {
        guard sample.name.hasSuffix("_bucket") || type == "counter" else {
            return complain("exemplar not allowed here: \(line)")
        }
        var rest = exemplar[...]
        guard let labels = Self.readLabels(&rest) else { return complain("bad exemplar: \(line)") }
        if labels.reduce(0, { $0 + $1.name.count + $1.value.count }) > 128 { complain("long exemplar: \(line)") }
        let numbers = rest.dropFirst().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard rest.first == " ", (1...2).contains(numbers.count), let value = Self.number(numbers[0]) else {
            return complain("an exemplar without a value: \(line)")
        }
        if let time = numbers.dropFirst().first, !((Self.number(time) ?? -1) > 0) { complain("bad time: \(line)") }
        let bound = sample.labels.first { $0.name == "le" }.flatMap { Self.number($0.value) }
        if let bound, value > bound { complain("exemplar in the wrong bucket: \(line)") }
    }

    private mutating func checkHistogram() {
        func key(_ sample: Sample) -> String {
            sample.labels.filter { $0.name != "le" }.map { "\($0)=\($1)" }.joined(separator: ",")
        }
        for (series, samples) in Dictionary(grouping: familySamples, by: key) {
            let buckets = samples.filter { $0.name.hasSuffix("_bucket") }
            let bounds = buckets.compactMap { $0.labels.last { $0.name == "le" }?.value }
            if bounds.count != buckets.count || bounds.last != "+Inf" { complain("\(series) has no bound") }
            for bound in bounds.dropLast() where !bound.contains(".") && !bound.contains("e") {
                complain("\(bound) is not a floating-point number")
            }
            let numbers = bounds.compactMap(Self.number)
            if zip(numbers, numbers.dropFirst()).contains(where: { $0 >= $1 }) { complain("\(series) descends") }
            let counts = buckets.compactMap { Self.number($0.value) }
            if zip(counts, counts.dropFirst()).contains(where: { $0 > $1 }) { complain("\(series) is not cumulative") }
            let count = samples.filter { $0.name.hasSuffix("_count") }
            if count.count != 1 || count[0].value != buckets.last?.value { complain("\(series) has a wrong count") }
            if samples.count(where: { $0.name.hasSuffix("_sum") }) != 1 { complain("\(series) has no sum") }
        }
    }

    // MARK: Tokens

    private static func number(_ text: String) -> Double? {
        if ["+Inf", "-Inf", "NaN"].contains(text) { return Double(text) }
        return text.allSatisfy { "0123456789+-.e".contains($0) } ? Double(text) : nil
    }

    private static func isEscaped(_ text: String) -> Bool {
        var text = text[...]
        while let next = text.popFirst() {
            if next == "\"" { return false }
            if next == "\\", !["\\", "\"", "n"].contains(text.popFirst()) { return false }
        }
        return true
    }

    /// The labels in braces at the front of `text`, which are consumed.
    private static func readLabels(_ text: inout Substring) -> [(name: String, value: String)]? {
        guard text.popFirst() == "{" else { return nil }
        var labels: [(String, String)] = []
        if text.first == "}" {
            text = text.dropFirst()
            return labels
        }
        while true {
            let name = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard let first = name.first, !first.isNumber, text.dropFirst(name.count).hasPrefix("=\"") else {
                return nil
            }
            text = text.dropFirst(name.count + 2)
            var value = ""
            while let next = text.popFirst(), next != "\"" {
                value.append(next)
                if next == "\\" {
                    guard let escaped = text.popFirst(), ["\\", "\"", "n"].contains(escaped) else { return nil }
                    value.append(escaped)
                }
            }
            labels.append((String(name), value))
            switch text.popFirst() {
            case ",": continue
            case "}": return labels
            default: return nil
            }
        }
    }
}
