import GatewaySettings

/// Why a file cannot be used.
package struct FileProblem: Error, Hashable, CustomStringConvertible {
    /// What is wrong, with the line: `line 3: "abc" is not a digest`. It must not contain secrets.
    package let reason: String
    /// What to do. May be empty.
    package let suggestion: String
    /// Whether another look may find the file readable though it is the same.
    let isTemporary: Bool

    package init(_ reason: String, suggestion: String = "") {
        self.reason = reason
        self.suggestion = suggestion
        self.isTemporary = false
    }

    private init(_ error: SettingError) {
        self.reason = error.problem
        self.suggestion =
            error.suggestion.contains("gateway init") ? "create it, or correct the path" : error.suggestion
        self.isTemporary = true
    }

    package var description: String { self.reason }

    static func text(of path: String) throws(FileProblem) -> String {
        do throws(SettingError) {
            return try TextFile.read(path, upTo: 128 << 20)
        } catch {
            throw FileProblem(error)
        }
    }
}
