/// Settings that describe their keys, for `gateway schema`.
package protocol DescribedSettings {
    /// The descriptions, by property name.
    static var descriptions: [String: String] { get }
}
