import GatewaySettings
import Testing

@testable import GatewayEvents

/// Random conditions, read and evaluated, against a plain evaluator of another form: lists and nested loops.
@Suite struct AlertPropertyTests {
    @Test(arguments: 0..<40)
    func `random conditions mean what they say`(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        for _ in 0..<50 {
            let world = PlainWorld(&random)
            let condition = PlainCondition.random(depth: 4, &random)
            let text = condition.text(&random)
            guard text.utf8.count <= AlertParser.maximumLength, !condition.isAmbiguous(world) else { continue }
            let verdicts = world.evaluator.verdicts(try AlertParserTests.parse(text)).rows
            let expected = condition.rows(world)
            #expect(Set(verdicts.keys.map(\.dictionary)) == Set(expected.map(\.labels)), "\(text)")
            for row in expected {
                #expect(verdicts[AlertLabels(row.labels)]?.holds == row.value, "\(text): \(row.labels)")
            }
        }
    }
}

/// What there is to measure.
struct PlainWorld {
    var errorRates: [String: Double] = [:]
    var rates: [String: Double] = [:]
    var up: [String: Double] = [:]
    var open: Double
    let evaluator: AlertEvaluator

    init(_ random: inout SeededRandom) {
        var requests: [AlertLabels: [Double]] = [:]
        for route in ["a", "b", "c"] where Bool.random(using: &random) {
            let count = Double(Int.random(in: 0...30, using: &random))
            let errors = Double(Int.random(in: 0...Int(count), using: &random))
            requests[AlertLabels(["route": route])] = [count, errors]
            self.errorRates[route] = count >= 10 ? errors / count : .nan
            self.rates[route] = count / 4
        }
        var up: [AlertLabels: [Double]] = [:]
        for upstream in ["a", "x"] where Bool.random(using: &random) {
            let targets = Double(Int.random(in: 1...3, using: &random))
            let good = Double(Int.random(in: 0...Int(targets), using: &random))
            up[AlertLabels(["upstream": upstream])] = [good, targets]
            self.up[upstream] = good / targets
        }
        self.open = Double(Int.random(in: 0...2, using: &random))
        self.evaluator = AlertEvaluator(
            growth: [.requests: CounterWindow.Growth(rows: requests, seconds: 4, bounds: [])],
            readings: [
                .targetsUp: AlertReading(rows: up), .openFiles: AlertReading(rows: [.none: [self.open]]),
            ],
            minRequests: 10
        )
    }
}

struct PlainRow<Value> {
    let labels: [String: String]
    let value: Value

    static func pairs<A, B>(_ left: [PlainRow<A>], _ right: [PlainRow<B>]) -> [(PlainRow<A>, PlainRow<B>)] {
        left.flatMap { own in
            right.filter { other in
                own.labels.allSatisfy { other.labels[$0.key] ?? $0.value == $0.value }
            }.map { (own, $0) }
        }
    }
}

indirect enum PlainNumber {
    case literal(Int)
    case measure(String, label: String?, is: String?)
    case join(String, PlainNumber)
    case operation(PlainNumber, String, PlainNumber)

    static func random(depth: Int, _ random: inout SeededRandom) -> PlainNumber {
        switch depth > 0 ? Int.random(in: 0...5, using: &random) : Int.random(in: 0...2, using: &random) {
        case 0: return .literal(Int.random(in: 0...3, using: &random))
        case 1, 2:
            let measure =
                ["error_rate", "request_rate", "upstream_up", "open_files"].randomElement(using: &random) ?? ""
            let label = measure == "open_files" ? nil : measure == "upstream_up" ? "upstream" : "route"
            let value =
                label != nil && Bool.random(using: &random) ? ["a", "b", "x"].randomElement(using: &random) : nil
            return .measure(measure, label: label, is: value)
        case 3:
            let join = ["sum", "avg", "min", "max"].randomElement(using: &random) ?? ""
            return .join(join, .random(depth: depth - 1, &random))
        default:
            let left = PlainNumber.random(depth: depth - 1, &random)
            let operation = ["+", "-", "*", "/"].randomElement(using: &random) ?? ""
            return .operation(left, operation, .random(depth: depth - 1, &random))
        }
    }

    func text(_ random: inout SeededRandom) -> String {
        switch self {
        case .literal(let value): return Bool.random(using: &random) ? "\(value)" : "\(value * 100)%"
        case .measure(let name, let label, let value):
            guard let label, let value else { return name }
            return "\(name){\(label)\(Bool.random(using: &random) ? "=" : "=~")'\(value)'}"
        case .join(let join, let number): return "\(join)(\(number.text(&random)))"
        case .operation(let left, let operation, let right):
            return "(\(left.text(&random)) \(operation) \(right.text(&random)))"
        }
    }

    func rows(_ world: PlainWorld) -> [PlainRow<Double>] {
        switch self {
        case .literal(let value): return [PlainRow(labels: [:], value: Double(value))]
        case .measure("open_files", _, _): return [PlainRow(labels: [:], value: world.open)]
        case .measure(let name, let label, let wanted):
            let values = name == "error_rate" ? world.errorRates : name == "request_rate" ? world.rates : world.up
            return values.filter { wanted == nil || $0.key == wanted }.map {
                PlainRow(labels: [label ?? "": $0.key], value: $0.value)
            }
        case .join(let join, let number):
            let values = number.rows(world).map(\.value).filter { !$0.isNaN }
            let sum = values.reduce(0, +)
            let value: Double =
                switch join {
                case _ where values.isEmpty: .nan
                case "sum": sum
                case "avg": sum / Double(values.count)
                case "min": values.sorted()[0]
                default: values.sorted()[values.count - 1]
                }
            return [PlainRow(labels: [:], value: value)]
        case .operation(let left, let operation, let right):
            return PlainRow<Double>.pairs(left.rows(world), right.rows(world)).map { left, right in
                var value: Double
                switch operation {
                case "+": value = left.value + right.value
                case "-": value = left.value - right.value
                case "*": value = left.value * right.value
                default: value = right.value == 0 ? .nan : left.value / right.value
                }
                if value.isInfinite { value = .nan }
                return PlainRow(labels: left.labels.merging(right.labels) { own, _ in own }, value: value)
            }
        }
    }
}

indirect enum PlainCondition {
    case compare(PlainNumber, String, PlainNumber)
    case not(PlainCondition)
    case and(PlainCondition, PlainCondition)
    case or(PlainCondition, PlainCondition)

    static func random(depth: Int, _ random: inout SeededRandom) -> PlainCondition {
        switch depth > 0 ? Int.random(in: 0...4, using: &random) : 0 {
        case 0, 1:
            let comparison = [">", ">=", "<", "<=", "==", "!="].randomElement(using: &random) ?? ""
            let left = PlainNumber.random(depth: min(depth, 2), &random)
            return .compare(left, comparison, .random(depth: min(depth, 2), &random))
        case 2: return .not(.random(depth: depth - 1, &random))
        case 3: return .and(.random(depth: depth - 1, &random), .random(depth: depth - 1, &random))
        default: return .or(.random(depth: depth - 1, &random), .random(depth: depth - 1, &random))
        }
    }

    func text(_ random: inout SeededRandom) -> String {
        switch self {
        case .compare(let left, let comparison, let right):
            return "\(left.text(&random)) \(comparison) \(right.text(&random))"
        case .not(let condition): return "not (\(condition.text(&random)))"
        case .and(let left, let right): return "(\(left.text(&random))) and (\(right.text(&random)))"
        case .or(let left, let right): return "((\(left.text(&random))) or \(right.text(&random)))"
        }
    }

    /// Whether two pairs have the same labels, of which it does not matter which one counts.
    func isAmbiguous(_ world: PlainWorld) -> Bool {
        let labels = self.rows(world).map(\.labels)
        if Set(labels).count < labels.count { return true }
        return switch self {
        case .compare: false
        case .not(let condition): condition.isAmbiguous(world)
        case .and(let left, let right), .or(let left, let right):
            left.isAmbiguous(world) || right.isAmbiguous(world)
        }
    }

    /// nil is no data: neither true nor false.
    func rows(_ world: PlainWorld) -> [PlainRow<Bool?>] {
        switch self {
        case .compare(let left, let comparison, let right):
            return PlainRow<Double>.pairs(left.rows(world), right.rows(world)).map { left, right in
                let holds: Bool? =
                    switch comparison {
                    case _ where left.value.isNaN || right.value.isNaN: nil
                    case ">": left.value > right.value
                    case ">=": !(left.value < right.value)
                    case "<": left.value < right.value
                    case "<=": !(left.value > right.value)
                    case "==": left.value == right.value
                    default: left.value < right.value || left.value > right.value
                    }
                return PlainRow(labels: left.labels.merging(right.labels) { own, _ in own }, value: holds)
            }
        case .not(let condition):
            return condition.rows(world).map { row in
                switch row.value {
                case true?: PlainRow(labels: row.labels, value: false)
                case false?: PlainRow(labels: row.labels, value: true)
                case nil: row
                }
            }
        case .and(let left, let right): return Self.combined(left.rows(world), right.rows(world), wins: false)
        case .or(let left, let right):
            let (own, others) = (left.rows(world), right.rows(world))
            let joined = Self.combined(own, others, wins: true)
            let pairs = PlainRow<Bool?>.pairs(own, others)
            let alone = own.filter { row in !pairs.contains { $0.0.labels == row.labels } }
            let othersAlone = others.filter { row in !pairs.contains { $0.1.labels == row.labels } }
            return joined + alone + othersAlone
        }
    }

    private static func combined(_ left: [PlainRow<Bool?>], _ right: [PlainRow<Bool?>], wins: Bool) -> [PlainRow<Bool?>]
    {
        PlainRow<Bool?>.pairs(left, right).map { left, right in
            let labels = left.labels.merging(right.labels) { own, _ in own }
            if left.value == wins || right.value == wins { return PlainRow(labels: labels, value: wins) }
            let isKnown = left.value != nil && right.value != nil
            return PlainRow(labels: labels, value: isKnown ? !wins : nil)
        }
    }
}
