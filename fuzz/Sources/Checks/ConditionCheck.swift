@testable import GatewaySettings

/// Conditions of alerts: mistakes have a place in the text, and valid conditions are within the limits.
enum ConditionCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let text = String(decoding: input, as: UTF8.self)
        switch self.condition(text) {
        case .success(let condition): try self.check(condition, text)
        case .failure(let mistake):
            let isInText = (0...text.utf8.count).contains(mistake.offset)
            guard isInText, !mistake.problem.isEmpty, !mistake.suggestion.isEmpty else {
                throw BrokenProperty(description: "\(mistake) at \(mistake.offset) of \(text.utf8.count)")
            }
        }
        // Messages keep what they do not know.
        let message = AlertMessage(text)
        try hold(message.filled { "{\($0)}" } == message.filled { _ in nil }, "an unknown placeholder is changed")
    }

    private static func condition(_ text: String) -> Result<AlertCondition, AlertMistake> {
        do throws(AlertMistake) {
            return .success(try AlertParser.condition(text, metrics: AlertMetrics(middlewares: ["tenant"])))
        } catch {
            return .failure(error)
        }
    }

    private static func check(_ condition: AlertCondition, _ text: String) throws(BrokenProperty) {
        try hold(text.utf8.count <= AlertParser.maximumLength, "a condition that is too long")
        try hold(condition.series.count <= AlertParser.maximumOperations + 1, "a condition of too many parts")
        for matcher in condition.series.flatMap(\.matchers) {
            if case .pattern(let pattern) = matcher.test {
                for literal in pattern.literals {
                    try hold(matcher.matches(literal), "\(literal) does not match itself")
                }
            }
        }
    }
}
