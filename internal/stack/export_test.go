package stack

var (
	IsOwn      = isOwn
	IsProgram  = isProgram
	IsStandard = isStandard
)
