ball
