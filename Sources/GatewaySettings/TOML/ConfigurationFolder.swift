/// The folder of a configuration file. Relative paths in the file are resolved against it.
package struct ConfigurationFolder: Sendable {
    /// Ends with a slash. Empty for the working directory.
    private let prefix: String

    /// Creates the working directory.
    init() { self.prefix = "" }

    /// Creates the folder of a configuration file.
    ///
    /// - Parameter file: The path of the configuration. A pipe has no folder, so the working directory is used instead.
    init(of file: String) {
        let isPipe = file.hasPrefix("/dev/") || file.hasPrefix("/proc/")
        let end = file.lastIndex(of: "/").map { file.index(after: $0) }
        self.prefix = isPipe ? "" : String(file[..<(end ?? file.startIndex)])
    }

    /// Returns the path to open, resolved against the folder unless it is absolute.
    package func path(_ path: String) -> String { path.hasPrefix("/") ? path : self.prefix + path }
}
