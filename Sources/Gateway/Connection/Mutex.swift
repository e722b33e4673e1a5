#if GATEWAY_SANITIZED
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// Stands in for `Synchronization.Mutex` where a sanitizer watches, and nowhere else.
    ///
    /// That one waits with system calls of its own, in a library that is not instrumented: ThreadSanitizer takes all that it
    /// guards for a race. This one is a `pthread_mutex_t`, whose calls the sanitizer knows, so that it sees what is guarded and
    /// still finds what is touched without the lock.
    ///
    /// It may be shared since nothing reaches the value but with the lock held.
    struct Mutex<Value>: ~Copyable, @unchecked Sendable {
        private let lock: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        init(_ value: consuming sending Value) {
            self.lock = .allocate(capacity: 1)
            pthread_mutex_init(self.lock, nil)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: value)
        }

        deinit {
            pthread_mutex_destroy(self.lock)
            self.lock.deallocate()
            self.value.deinitialize(count: 1)
            self.value.deallocate()
        }

        borrowing func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
            pthread_mutex_lock(self.lock)
            defer { pthread_mutex_unlock(self.lock) }
            return try body(&self.value.pointee)
        }

        /// Nil where somebody else holds the lock.
        borrowing func withLockIfAvailable<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result? {
            guard pthread_mutex_trylock(self.lock) == 0 else { return nil }
            defer { pthread_mutex_unlock(self.lock) }
            return try body(&self.value.pointee)
        }
    }
#endif
