// The API description
