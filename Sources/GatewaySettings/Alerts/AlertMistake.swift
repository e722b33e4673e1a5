/// Why the condition of an alert is not valid.
package struct AlertMistake: Error, Hashable {
    package let problem: String
    package let suggestion: String
    /// Where in the UTF-8 of the condition.
    package let offset: Int

    init(_ problem: String, _ suggestion: String, at offset: Int) {
        self.problem = problem
        self.suggestion = suggestion
        self.offset = offset
    }
}
