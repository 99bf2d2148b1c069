package apitypes

// Error is the body of every error response.
type Error struct {
	// ID is the request's ID. The log has the cause of the error under it.
	ID string `json:"id"`
	// Name is the kind of error, such as BadDataError.
	Name    string `json:"name"`
	Message string `json:"message"`
	// Details has at least one element. It repeats Message where there is nothing to add.
	Details []Detail `json:"details"`
}

// Detail is one reason for an error.
type Detail struct {
	Message string `json:"message"`
	// Path is the member, parameter or query at fault, such as /body/description, if there is one.
	Path string `json:"path,omitempty"`
}
