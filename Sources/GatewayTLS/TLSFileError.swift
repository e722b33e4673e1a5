/// Why a file with a certificate or a key cannot be used.
package struct TLSFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    package let problem: String

    package init(_ path: String, _ problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(self.path): \(self.problem)" }
}
